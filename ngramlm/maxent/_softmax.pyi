from ngramlm.types import Floats, Int32s, Ints

def softmax(
    starts: Ints,
    ranges: Ints,
    outcomes: Int32s,
    lambdas: Floats,
    base: Floats,
    weights: Floats,
    wanted: Int32s,
    probs: Floats,
    expected: Floats,
) -> float: ...
