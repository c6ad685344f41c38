"""Films, and what critics made of them: a table with real gaps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from companion.feeding.splitting import split_rows

_FILE = Path(__file__).parent / "data" / "movies.csv.gz"
#: How many films train, validate and test.
_SHARES = [0.6, 0.2, 0.2]
#: A genre, country or rating is a column if so many training films have it.
_FREQUENT = 30


@dataclass(frozen=True)
class Films:
    """Films as arrays: a table that is always there, and two gaps.

    Numbers are scaled by the training films: mean 0, standard deviation 1.

    Attributes:
        table: float32 ``(films, columns)``: year, runtime, logarithm of
            the number of reviews, Oscars; then 0 or 1 for each genre,
            country and rating that is frequent in training.
        metacritic: float32 ``(films, 1)``, NaN for a film that has none.
        boxoffice: float32 ``(films, 1)``, the logarithm of the receipts,
            NaN where they are not known.
        meter: float32 ``(films, 1)``, the share of critics who liked the
            film, 0 to 1: what is to be predicted.
    """

    table: np.ndarray
    metacritic: np.ndarray
    boxoffice: np.ndarray
    meter: np.ndarray

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """What a model is fed, by name. NaN where a value is missing."""
        return {
            "table": self.table,
            "metacritic": self.metacritic,
            "boxoffice": self.boxoffice,
        }


def films() -> pd.DataFrame:
    """17,453 films of 1940 to 2014, by year, title and director.

    - ``title``, ``director``: texts. Several directors are separated by a
      comma and a space.
    - ``year``: when the film came out.
    - ``rating``: for whom it is, by the American film industry: "PG-13".
      Missing for 85 % of the films.
    - ``runtime``: minutes.
    - ``genre``, ``country``: one or several, separated as directors are.
    - ``oscars``: how many it won. Some are not counted.
    - ``metacritic``: mean of critics' scores, 0 to 100. Missing for 61 %.
    - ``reviews``: how many reviews ``meter`` is made of.
    - ``boxoffice``: receipts in US dollars, often worldwide, the highest
      that is reported. Missing for 84 %. Some are wrong: a few stand in
      millions.
    - ``meter``: the share of critics who liked the film, in percent (the
      Tomatometer): what is to be predicted.

    A missing number or text is NaN. The numbers of good and of bad reviews
    are left out: they hold the answer.

    Source: Wikidata (CC0), as bundled with ``bokeh-sampledata`` 2026.1;
    see the README beside the file. Taught in the chapters *Numbers and
    categories* and *Inputs that may be missing*.

    Returns:
        A table with a row per film.

    Example:
        >>> table = films()
        >>> table.shape, int(table.metacritic.notna().sum())
        ((17453, 12), 6809)
        >>> print(table.title[table.boxoffice.idxmax()])
        Avatar
    """
    return pd.read_csv(_FILE).sort_values(
        ["year", "title", "director"], ignore_index=True
    )


def film_parts(seed: int = 0) -> list[np.ndarray]:
    """Rows of films to train, to validate and to test: 60, 20 and 20 %.

    All films of one director are in the same part: a model that knows what
    critics made of someone's films would score too well on the next one.
    Of several directors the one named first counts; the others may be in
    training, too, as they are for one test film in ten.

    Taught in the chapters *Numbers and categories* and *Inputs that may be
    missing*.

    Args:
        seed: Decides which directors are kept for validation and test.

    Returns:
        Three arrays, int64 ``(rows of the part,)``, of rows of `films`.

    Example:
        >>> train, validation, test = film_parts()
        >>> len(train), len(validation), len(test)
        (10472, 3491, 3490)
    """
    first = films().director.str.partition(", ")[0]
    # A film without a director is a group of its own: its row.
    groups = first.where(first.notna(), first.index.astype(str))
    return split_rows(len(groups), _SHARES, seed=seed, groups=groups)


def film_arrays(seed: int = 0) -> tuple[Films, Films, Films]:
    """The films as a network is fed them, split as in `film_parts`.

    The few gaps in the table are filled with the median of the training
    films; those in ``metacritic`` and ``boxoffice`` are left as they are.

    Taught in the chapter *Inputs that may be missing*.

    Args:
        seed: Decides which directors are kept for validation and test.

    Returns:
        Training, validation and test films.

    Example:
        >>> train, validation, test = film_arrays()
        >>> train.metacritic.shape, test.meter.shape
        ((10472, 1), (3490, 1))
        >>> round(float(np.isnan(test.metacritic).mean()), 1)
        0.6
    """
    table, parts = films(), film_parts(seed)
    numbers = table[["year", "runtime", "reviews", "oscars"]].copy()
    numbers["reviews"] = np.log1p(numbers.reviews)
    numbers = numbers.fillna(numbers.iloc[parts[0]].median())
    words = pd.concat(
        [
            table[column].str.get_dummies(", ")
            for column in ("genre", "country", "rating")
        ],
        axis=1,
    )
    frequent = words.iloc[parts[0]].sum() >= _FREQUENT
    arrays = [
        np.hstack([_scaled(numbers, parts[0]), words.loc[:, frequent]]),
        _scaled(table[["metacritic"]], parts[0]),
        _scaled(np.log1p(table[["boxoffice"]]), parts[0]),
        table[["meter"]].to_numpy() / 100,
    ]
    train, validation, test = (
        Films(*(array[rows].astype("float32") for array in arrays))
        for rows in parts
    )
    return train, validation, test


def _scaled(columns: pd.DataFrame, train: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and deviation 1 over their training values."""
    known = columns.iloc[train]
    return ((columns - known.mean()) / known.std()).to_numpy()
