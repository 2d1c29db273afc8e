"""Mutual information of two kinds of events, such as the occurrences of two words."""

from __future__ import annotations

import numpy as np

from ngramlm.types import Floats

__all__ = ["mutual_information"]


def mutual_information(both: Floats, first: Floats, second: Floats, n: float) -> Floats:
    """Return the average mutual information of A and B.

    P(A,B) log P(B|A)/P(B) + P(A,~B) log P(~B|A)/P(~B), and the same with ~A.

    Parameters
    ----------
    both : numpy.ndarray
        The numbers of cases in which A and B occur.
    first : numpy.ndarray
        The numbers of cases in which A occurs.
    second : numpy.ndarray
        The numbers of cases in which B occurs.
    n : float
        The number of all cases.

    Returns
    -------
    numpy.ndarray
        The mutual information in nats; the three arrays are broadcast.

    References
    ----------
    Rosenfeld (1996), "A maximum entropy approach to adaptive statistical language modelling", section 3.2.

    Examples
    --------
    >>> mutual_information(np.array([1.0]), np.array([2.0]), np.array([2.0]), 4.0).round(6).tolist()  # independent
    [0.0]
    >>> mutual_information(np.array([2.0]), np.array([2.0]), np.array([2.0]), 4.0).round(4).tolist()  # log 2
    [0.6931]
    """
    total = np.zeros(np.broadcast_shapes(both.shape, first.shape, second.shape))
    for joint, one, other in (
        (both, first, second),
        (first - both, first, n - second),
        (second - both, n - first, second),
        (n - first - second + both, n - first, n - second),
    ):
        with np.errstate(divide="ignore", invalid="ignore"):
            total += np.where(joint > 0, joint / n * np.log(joint * n / (one * other)), 0.0)
    return total
