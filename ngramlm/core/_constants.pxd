# Constants that kernels and Python share. tests/core/test_constants.py checks that both sides agree.
cdef enum:
    # the ids of the reserved words <unk>, <s> and </s>
    UNK = 0
    BOS = 1
    EOS = 2
    # the id of the first word that is not reserved
    FIRST_WORD = 3
    # the length of the longest n-grams
    MAX_ORDER = 16
