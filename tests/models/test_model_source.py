"""The file of a model: it is checked before all of it is read, and errors name it."""

from __future__ import annotations

from ngramlm.models.model_source import NO_FILE, ModelSource


def test_errors_name_the_file() -> None:
    message = "found a damaged model; expected a whole one ('ngramlm info --verify' checks every byte)"

    assert f"m.ngram: {message}" == str(ModelSource("m.ngram").damaged("damaged model"))
    assert message == str(NO_FILE.damaged("damaged model"))
    NO_FILE.check()
