# Numbers that kernels and Python share. tests/core/test_constants.py compares them with those of Python.
cdef enum:
    UNK = 0                    # the ids of the reserved words: <unk>,
    BOS = 1                    # <s>
    EOS = 2                    # and </s>
    FIRST_WORD = 3             # the id of the first word that is not reserved
    MAX_ORDER = 16             # the length of the longest n-grams
