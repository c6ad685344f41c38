"""Penguins that were measured and weighed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]

_FILE = Path(__file__).parent / "data" / "penguins-raw.csv"
#: What a column is called in the file, and here.
_NAMES = {
    "Species": "species",
    "Island": "island",
    "Culmen Length (mm)": "bill_length_mm",
    "Culmen Depth (mm)": "bill_depth_mm",
    "Flipper Length (mm)": "flipper_length_mm",
    "Body Mass (g)": "body_mass_g",
    "Sex": "sex",
    "Delta 15 N (o/oo)": "delta_15_n_permille",
    "Delta 13 C (o/oo)": "delta_13_c_permille",
    "Date Egg": "year",
    "Comments": "comments",
}


def penguins() -> pd.DataFrame:
    """344 penguins of three species, on three islands of Antarctica.

    - ``species``: "Adelie", "Chinstrap" or "Gentoo".
    - ``island``: "Biscoe", "Dream" or "Torgersen".
    - ``bill_length_mm``, ``bill_depth_mm``, ``flipper_length_mm``,
      ``body_mass_g``: numbers. Missing for two penguins.
    - ``sex``: "female" or "male", from the blood. Missing for eleven.
    - ``delta_15_n_permille``, ``delta_13_c_permille``: isotopes in the
      blood, which tell what a penguin eats. Missing for 14 and 13.
    - ``year``: 2007 to 2009.
    - ``comments``: often why a value is missing, as a text.

    A missing number or text is NaN. Penguins stand in the order of the
    file, species by species: shuffle before you split.

    Source: K. Gorman, T. Williams and W. Fraser, PLoS ONE 9(3): e90081
    (data CC0), as bundled with ``palmerpenguins`` 0.1.6; see the README
    beside the file. Taught in the chapter *Numbers and categories*.

    Returns:
        A table with a row per penguin.

    Example:
        >>> table = penguins()
        >>> table.shape, int(table.sex.isna().sum())
        ((344, 11), 11)
        >>> table.species.value_counts().to_dict()
        {'Adelie': 152, 'Gentoo': 124, 'Chinstrap': 68}
    """
    table = pd.read_csv(_FILE)[list(_NAMES)].rename(columns=_NAMES)
    return table.assign(
        species=table.species.str.partition(" ")[0],
        sex=table.sex.str.lower(),
        year=table.year.str[:4].astype("int64"),
    )
