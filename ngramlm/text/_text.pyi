from ngramlm.text._vocabulary import WordTable
from ngramlm.types import Int32s, Uint8s

CONSTANTS: dict[str, int]
PADDING: int

def tokenize(
    data: bytearray | Uint8s,
    length: int,
    table: WordTable,
    grow: bool,
    reserved: int,
    ids: Int32s,
    blanks: bool = True,
) -> tuple[int, int, int, int, int, int]: ...
def remap(ids: Int32s, new_ids: Int32s, out: Int32s) -> None: ...
