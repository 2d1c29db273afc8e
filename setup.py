"""Build the compiled kernels; all metadata is in pyproject.toml.

Environment variables:
    NGRAMLM_DEBUG=1     bounds checks in every kernel (slow, for tests)
    NGRAMLM_SANITIZE=1  AddressSanitizer and UndefinedBehaviorSanitizer (CONTRIBUTING.md says how to run the tests so)
    NGRAMLM_ANNOTATE=1  write Cython's annotated HTML beside the sources
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = [
    "_vocabulary",
    "_text",
    "_trie",
    "_counts",
    "_scorer",
    "_backoff",
    "_forward",
    "_compact",
    "_arpa",
    "_smoothing",
    "_pitman_yor",
    "_memory",
    "_mixing",
    "_maxent",
    "_maxent_text",
    "_classes",
    "_softmax",
    "_word2vec",
    "_vectors",
    "_cooccurrence",
    "_glove",
]


def flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


debug = flag("NGRAMLM_DEBUG")
# results do not depend on the processor; nothing looks at floating-point exceptions
EXACT = ["-ffp-contract=off", "-fno-trapping-math"]
compile_args = ["-O3", "-fno-strict-aliasing", *EXACT]
link_args: list[str] = []
FUSED = {
    "_word2vec"
}  # the width of registers changes the order of their sums anyway: products are fused with sums
if flag("NGRAMLM_SANITIZE"):
    compile_args = [
        "-O1",
        "-g",
        "-fno-omit-frame-pointer",
        "-fsanitize=address,undefined",
        "-fno-strict-aliasing",
        *EXACT,
    ]
    link_args = ["-fsanitize=address,undefined"]

extensions = [
    Extension(
        f"ngramlm.{kernel}",
        [f"ngramlm/{kernel}.pyx"],
        include_dirs=["ngramlm"],
        depends=[
            f"ngramlm/{header}" for header in sorted(os.listdir("ngramlm")) if header.endswith((".h", ".pxd"))
        ],
        extra_compile_args=[*compile_args, "-ffp-contract=fast"] if kernel in FUSED else compile_args,
        extra_link_args=link_args,
    )
    for kernel in KERNELS
    if os.path.exists(f"ngramlm/{kernel}.pyx")
]

setup(
    ext_modules=cythonize(
        extensions,
        annotate=flag("NGRAMLM_ANNOTATE"),
        compiler_directives={
            "language_level": 3,
            "boundscheck": debug,
            "wraparound": debug,
            "initializedcheck": debug,
            "cdivision": not debug,
            "embedsignature": True,
            "freethreading_compatible": True,
        },
    )
)
