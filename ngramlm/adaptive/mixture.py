"""Models and caches mixed token by token: p(w|h) = sum of weight_j p_j(w|h)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from ngramlm.adaptive.components import Component, ModelComponent, RunningDocument, spans
from ngramlm.adaptive.mixture_files import MOST_DEPTH, save_mixture
from ngramlm.adaptive.weighting import BucketWeights, FixedWeights, Weighting
from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.errors import UsageError
from ngramlm.mixing.interpolation import union_vocabulary
from ngramlm.models.language_model import LanguageModel, check_language_model, threads_for
from ngramlm.models.signature import common_fields, join_fields
from ngramlm.text.reading import read_text, require_sentences
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.types import Floats, Sentence

__all__ = ["Mixture"]

# The approximate number of tokens that are scored at a time. A document is never cut.
PART = 1 << 16
MOST_COMPONENTS = 64


class Mixture(LanguageModel):
    """A language model that mixes several components, with weights that are fixed or change with the text.

    The vocabulary is the union of those of the models. A model gives the probability 0 to a word outside its own
    vocabulary. If a component abstains, for example a cache at the beginning of a document, the weights of the other
    components are divided by their sum. So the mixture sums to 1 at every position of every document.

    Parameters
    ----------
    components
        Language models and caches. At least one is a model.
    weights
        One weight for each component; they are divided by their sum. Short for ``weighting=FixedWeights(weights)``.
    weighting
        How the weights are computed; they are equal before `fit`. None is `BucketWeights` if there are caches, so that
        the weight of a cache grows with what it has seen, else `FixedWeights`.

    Raises
    ------
    UsageError
        There is no model among the components, there are more than 64 components, or the weights do not match them.

    Examples
    --------
    >>> import ngramlm as lm
    >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "a c", "c b"]), order=2))
    >>> adapted = Mixture([model, lm.Cache()], weights=[0.8, 0.2])
    >>> again = adapted.distribution(["<s>"], before=["c c c"])[model.vocabulary.id("c")]
    >>> bool(again > model.distribution(["<s>"])[model.vocabulary.id("c")])
    True
    """

    def __init__(
        self,
        components: Sequence[LanguageModel | Component],
        weights: Sequence[float] | None = None,
        *,
        weighting: Weighting | None = None,
    ) -> None:
        self._components = tuple(components)
        models = [
            check_language_model(component)
            for component in self._components
            if not isinstance(component, Component)
        ]
        if not models:
            raise UsageError("found no language model among the components; expected at least one")
        if len(self._components) > MOST_COMPONENTS:
            raise UsageError(f"found {len(self._components)} components; expected at most {MOST_COMPONENTS}")
        if weights is not None:
            if weighting is not None:
                raise UsageError("found both weights and weighting; expected one of them")
            if len(weights) != len(self._components):
                raise UsageError(
                    f"found {len(weights)} weights for {len(self._components)} components; expected one for each"
                )
            weighting = FixedWeights(tuple(weights))
        has_caches = len(models) < len(self._components) <= BucketWeights.MOST_COMPONENTS
        self._weighting = weighting or (BucketWeights() if has_caches else FixedWeights())
        self._weighting.check_components(len(self._components))
        self._vocabulary = union_vocabulary([model.vocabulary for model in models])
        self._parts = [
            component if isinstance(component, Component) else ModelComponent(component, self._vocabulary)
            for component in self._components
        ]
        self._models = models

    @property
    def components(self) -> tuple[LanguageModel | Component, ...]:
        """The language models and caches, in the order given."""
        return self._components

    @property
    def weighting(self) -> Weighting:
        """How the weights are computed."""
        return self._weighting

    @property
    def vocabulary(self) -> Vocabulary:
        """The union of the vocabularies of the models."""
        return self._vocabulary

    @property
    def metadata(self) -> Mapping[str, str]:
        """The name of the weighting, under ``mixture``."""
        return MappingProxyType({"mixture": self._weighting.describe()})

    @property
    def independent_sentences(self) -> bool:
        """Whether the score of a sentence depends on that sentence alone."""
        return not self._weighting.follows_the_text and all(
            isinstance(part, ModelComponent) and part.model.independent_sentences for part in self._parts
        )

    @property
    def thread_safe(self) -> bool:
        """Whether all components are thread-safe."""
        return all(part.thread_safe for part in self._parts)

    @property
    def normalized(self) -> bool:
        """Whether all models give probabilities that sum to 1."""
        return all(model.normalized for model in self._models)

    @property
    def signature(self) -> str:
        """One line with the weighting, the signatures of all components, and the vocabulary."""
        fields = {
            "mixture": self._weighting.describe(),
            "of": f"({' + '.join(self.describe_components())})",
        }
        return join_fields(fields | common_fields(self._vocabulary, self.has_closed_vocabulary))

    def __repr__(self) -> str:
        return f"<Mixture of {len(self._components)} components, weights {self._weighting.describe()}>"

    def describe_components(self) -> list[str]:
        """Return the signature or the short name of each component."""
        return [part.describe() for part in self._parts]

    def component_probs(self, text: Text) -> Floats:
        """Return the probability of every predicted token in each component, float64[components, n_tokens].

        NaN says that the component abstains.
        """
        text = text.over(self._vocabulary)
        return np.stack([part.probs(text) for part in self._parts])

    def log10_probs(self, text: Text) -> Floats:
        """Return the log10 probability of every predicted token, float64[n_tokens].

        ``text.documents`` says where documents begin. Several threads share the documents of a long text if all models
        are `thread_safe`.
        """
        text = text.over(self._vocabulary)
        found = np.empty(text.n_tokens)

        def work(task: tuple[Text, slice]) -> None:
            part, predicted = task
            found[predicted] = self._weighting.mix(self.component_probs(part), part)

        for _ in ordered_map(work, _parts(text), threads_for(self, None)):
            pass
        with np.errstate(divide="ignore"):
            return np.log10(np.minimum(found, 1.0, out=found), out=found)

    def distribution(self, history: Sentence = (), before: Iterable[Sentence] = ()) -> Floats:
        """Return the probability of every word after a history, float64[V].

        Parameters
        ----------
        history
            The words of the unfinished last sentence of the document.
        before
            The complete sentences of the document.
        """
        running = RunningDocument.of(self._vocabulary, history, before)
        rows = [part.after(running) for part in self._parts]
        silent = np.array([row is None for row in rows])
        text = running.as_text()
        table = np.stack([part.probs(text) for part in self._parts])[:, : running.n_tokens]
        weights = self._weighting.after(np.ascontiguousarray(table), text, silent)
        spoken = [
            (weight, row) for weight, row in zip(weights.tolist(), rows, strict=True) if row is not None
        ]
        total = sum(weight for weight, _ in spoken)
        if total <= 0:
            # All components with a weight abstain. The others share the weight equally.
            return cast("Floats", sum(row for _, row in spoken) / len(spoken))
        return cast("Floats", sum(weight / total * row for weight, row in spoken))

    def distribution_in_document(self, history: Sentence, before: Iterable[Sentence]) -> Floats:
        """Return ``distribution(history, before)``, float64[V]."""
        return self.distribution(history, before)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the mixture and all its models to one file that `ngramlm.load` opens.

        Raises
        ------
        UsageError
            A component has no file format. Or more than `MOST_DEPTH` mixtures are nested.
        """
        if self._depth() > MOST_DEPTH:
            raise UsageError(
                f"found {self._depth()} nested mixtures; expected at most {MOST_DEPTH} levels in a file"
            )
        save_mixture(self._components, self._weighting, path)

    def _depth(self) -> int:
        """Return the number of levels of mixtures, this one included."""
        return 1 + max(
            (component._depth() for component in self._components if isinstance(component, Mixture)),
            default=0,
        )

    def fit(
        self, heldout: Text | str | os.PathLike[str], *, progress: Progress | None = None, **read_options: Any
    ) -> Mixture:
        """Fit the weights to a held-out text by expectation maximization.

        Parameters
        ----------
        heldout
            The text, or the path of a file.
        progress
            Called with the number of iterations done.
        read_options
            Those of `read_text`, for a path.

        Returns
        -------
        Mixture
            A new mixture with the same components.

        Raises
        ------
        TextError
            The text is empty.
        """
        if isinstance(heldout, Text):
            text = heldout.over(self._vocabulary)
        else:
            text = require_sentences(read_text(heldout, vocabulary=self._vocabulary, **read_options), heldout)
        fitted = self._weighting.fit(self.component_probs(text), text, progress)
        return Mixture(self._components, weighting=fitted)


def _parts(text: Text) -> Iterator[tuple[Text, slice]]:
    """Yield the text a few documents at a time, with their places among the predicted tokens."""
    if text.n_tokens <= PART:
        yield text, slice(0, text.n_tokens)
        return
    # The number of predicted tokens before every document; the last is that of the whole text.
    ends = spans(text, text.documents)
    first = 0
    while first < text.n_documents:
        after = max(first + 1, int(np.searchsorted(ends, ends[first] + PART, side="right")) - 1)
        sentences = text.documents[first : after + 1]
        ids = text.ids[text.sentences[sentences[0]] : text.sentences[sentences[-1]]]
        documents = (sentences[:-1] - sentences[0]).tolist()
        yield Text.from_ids(text.vocabulary, ids, 0, documents), slice(int(ends[first]), int(ends[after]))
        first = after
