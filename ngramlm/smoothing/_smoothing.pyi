from ngramlm.types import Float32s, Floats, Int32s, Ints

def expected_uses(
    ratios: Floats,
    places: Int32s,
    weights: Floats,
    base: Floats,
    event_weights: Floats,
) -> tuple[float, Floats, Floats]: ...
def subtract(
    counts: Floats,
    starts: Ints,
    totals: Floats,
    discounts: Floats,
    repeats: Floats,
) -> tuple[Floats, Floats]: ...
def interpolate(
    seen: Floats,
    left: Floats,
    starts: Ints,
    lower: Floats,
    suffixes: Int32s,
) -> Floats: ...
def log10s(values: Floats, out: Float32s, most: float) -> None: ...
