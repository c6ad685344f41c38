"""The tables of films, penguins, Gaussian rows and ratings."""

import itertools
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from companion.errors import DataError
from companion.lab import gaussians
from companion.lab import ratings as rules
from companion.lab.films import film_arrays, film_parts, films
from companion.lab.gaussians import COVARIANCE, MEAN, gaussian_rows
from companion.lab.limits import gaussian_expectation
from companion.lab.penguins import penguins
from companion.lab.ratings import ratings

ROOT = Path(__file__).parent.parent
DATA = ROOT / "companion" / "lab" / "data"


def rmse(predicted, answers):
    assert predicted.shape == answers.shape
    return np.sqrt(np.mean((predicted - answers) ** 2))


# Files


def test_every_file_is_packed_and_its_source_is_named():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["companion"]
    named = (DATA / "README.md").read_text()

    names = {path.name for path in DATA.iterdir()}
    assert len(names) == 6
    for name in names:
        assert any(fnmatch(f"lab/data/{name}", p) for p in patterns)
        assert name == "README.md" or f"`{name}`" in named


# Films


@pytest.fixture(scope="module")
def table():
    return films()


def test_films_stand_in_order_and_no_one_is_there_twice(table):
    keys = list(zip(table.year, table.title, table.director.fillna("~")))

    assert len(set(keys)) == len(table)
    assert [k[:2] for k in keys] == sorted(k[:2] for k in keys)
    assert table.index.tolist() == list(range(len(table)))


def test_what_is_missing_is_what_the_docstring_says(table):
    missing = table.isna().mean()

    words = films.__doc__
    for column in ("rating", "metacritic", "boxoffice"):
        share = f"{100 * missing[column]:.0f} %"
        start = words.index(f"``{column}``")
        assert share in words[start : words.index("\n    - ", start)]
    assert missing[["title", "year", "oscars", "meter"]].max() == 0
    assert missing.drop(["rating", "metacritic", "boxoffice"]).max() < 0.1


def test_the_answer_is_not_among_the_columns(table):
    assert table.meter.between(0, 100).all()
    assert not {"Fresh", "Rotten", "fresh", "rotten"} & set(table)
    numbers = table[["year", "runtime", "oscars", "reviews", "boxoffice"]]
    assert numbers.corrwith(table.meter).abs().max() < 0.3


@pytest.mark.parametrize("seed", [0, 1])
def test_films_of_a_director_are_in_one_part(table, seed):
    parts = film_parts(seed)
    first = table.director.str.split(", ").str[0]
    directors = [set(first[part].dropna()) for part in parts]

    together = np.sort(np.concatenate(parts))
    assert np.array_equal(together, np.arange(len(table)))
    for one, other in itertools.combinations(directors, 2):
        assert not one & other
    shares = [len(part) / len(table) for part in parts]
    np.testing.assert_allclose(shares, [0.6, 0.2, 0.2], atol=0.01)


def test_each_part_has_directors_of_many_films(table):
    """Otherwise the test would be about beginners alone."""
    first = table.director.str.split(", ").str[0]
    films_of = first.map(first.value_counts())

    sizes = [films_of[part].mean() for part in film_parts()]
    assert max(sizes) < 1.2 * min(sizes)


@pytest.mark.slow
def test_film_arrays_are_the_rows_of_the_table(table):
    for part, rows in zip(film_arrays(3), film_parts(3)):
        there = table.iloc[rows]
        meter = there[["meter"]].to_numpy() / 100
        np.testing.assert_array_equal(part.meter, meter.astype("float32"))
        for name in ("metacritic", "boxoffice"):
            values, of_table = part.inputs[name], there[[name]].to_numpy()
            np.testing.assert_array_equal(
                np.isnan(values), np.isnan(of_table)
            )
            order = np.argsort(of_table, axis=0)
            sorted_ = np.take_along_axis(values, order, axis=0)
            assert not (np.diff(sorted_, axis=0) < 0).any()
        dramas = there.genre.str.contains("Drama", na=False)
        assert (
            (part.table[:, 4:] == dramas.to_numpy()[:, None]).all(0).sum()
        )


@pytest.mark.slow
def test_film_numbers_are_scaled_by_training_films():
    train, validation, test = film_arrays()

    for of in (lambda p: p.table[:, :4], lambda p: p.metacritic):
        values = of(train).astype("float64")
        np.testing.assert_allclose(np.nanmean(values, 0), 0, atol=1e-6)
        np.testing.assert_allclose(np.nanstd(values, 0), 1, rtol=1e-3)
        assert abs(np.nanmean(of(test), 0)).max() > 1e-3
    for part in (train, validation, test):
        assert part.table.dtype == part.meter.dtype == np.float32
        assert set(np.unique(part.table[:, 4:])) == {0, 1}
        assert not np.isnan(part.table).any()
    assert train.table[:, 4:].sum(axis=0).min() >= 30


@pytest.mark.slow
def test_metacritic_says_most_but_is_often_missing():
    """What the chapter on missing inputs is about."""
    train, _, test = film_arrays()

    def error(columns):
        """Of least squares, over films of the test with a score."""
        fit = ~np.isnan(train.metacritic[:, 0])
        there = ~np.isnan(test.metacritic[:, 0])
        weights = np.linalg.lstsq(
            columns(train)[fit], train.meter[fit], rcond=None
        )[0]
        return rmse(columns(test)[there] @ weights, test.meter[there])

    def with_one(array):
        return np.hstack([array, np.ones((len(array), 1))])

    score = error(lambda part: with_one(part.metacritic))
    assert score < 0.7 * error(lambda part: with_one(part.table))


# Penguins


def test_penguins_are_as_the_study_has_them():
    table = penguins()
    numbers = table.describe()

    assert table.columns.is_unique and len(table) == 344
    assert set(table.sex.dropna()) == {"female", "male"}
    assert set(table.island) == {"Biscoe", "Dream", "Torgersen"}
    assert table.year.value_counts().to_dict() == {
        2009: 120, 2008: 114, 2007: 110,
    }  # fmt: skip
    assert numbers.loc["mean"].round(1)[:4].to_dict() == {
        "bill_length_mm": 43.9,
        "bill_depth_mm": 17.2,
        "flipper_length_mm": 200.9,
        "body_mass_g": 4201.8,
    }
    missing = table.isna().sum()
    assert missing.delta_15_n_permille == 14
    assert missing.delta_13_c_permille == 13
    assert missing.sex == 11


def test_comments_say_why_isotopes_are_missing():
    table = penguins()

    assert table.comments[table.delta_13_c_permille.isna()].notna().all()


# Gaussian rows


def rows_of(mechanism, rate=0.3, seed=0):
    return gaussian_rows(seed, mechanism, rate)


@pytest.mark.parametrize("mechanism", gaussians.MECHANISMS)
def test_gaussian_rows_have_gaps_where_the_mask_is_zero(mechanism):
    for part in rows_of(mechanism):
        there = part.mask == 1
        assert set(np.unique(part.mask)) == {0, 1}
        np.testing.assert_array_equal(np.isnan(part.values), ~there)
        np.testing.assert_array_equal(
            part.values[there], part.complete[there]
        )
        for array in vars(part).values():
            assert array.dtype == np.float32
        assert part.targets.shape == (len(there), 1)
        assert list(part.inputs) == list(gaussians.INPUTS)
        for place, column in enumerate(part.inputs.values()):
            np.testing.assert_array_equal(
                column[:, 0], part.values[:, place]
            )


def test_gaussian_rows_have_their_mean_and_covariance():
    train, *_ = rows_of("mcar")
    rows = np.hstack([train.targets, train.complete]).astype("float64")

    np.testing.assert_allclose(rows.mean(0), MEAN, atol=0.04)
    np.testing.assert_allclose(np.cov(rows.T), COVARIANCE, atol=0.04)


def test_the_signal_is_strong_and_inputs_tell_of_each_other():
    inputs, signal = COVARIANCE[1:, 1:], COVARIANCE[1:, 0]

    assert (np.diag(COVARIANCE) == 1).all()
    assert np.linalg.eigvalsh(COVARIANCE).min() > 0
    assert signal @ np.linalg.solve(inputs, signal) > 0.8
    assert (signal**2 > 0.1).all()
    assert inputs.min() >= 0.2


def test_the_same_seed_has_the_same_values_whatever_is_missing():
    first, *others = (rows_of(m)[2] for m in gaussians.MECHANISMS)

    for other in others:
        np.testing.assert_array_equal(first.complete, other.complete)
        np.testing.assert_array_equal(first.targets, other.targets)
        assert not np.array_equal(first.mask, other.mask)
    again, elsewhere = rows_of("mcar")[2], rows_of("mcar", seed=1)[2]
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.array_equal(first.complete, elsewhere.complete)


@pytest.mark.parametrize("mechanism", gaussians.MECHANISMS)
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_rate_is_the_share_that_is_missing(mechanism, rate):
    train, *_ = rows_of(mechanism, rate)

    expected = np.full(4, rate)
    if mechanism == "mar":
        expected[0] = 0  # "a" says why the others are missing
    np.testing.assert_allclose(1 - train.mask.mean(0), expected, atol=0.02)


def test_nothing_or_everything_may_be_missing():
    assert (rows_of("mnar", rate=0)[2].mask == 1).all()
    assert (rows_of("mcar", rate=1)[2].mask == 0).all()


def test_every_pattern_occurs():
    for part in rows_of("mcar"):
        assert len(np.unique(part.mask, axis=0)) == 16
    assert len(np.unique(rows_of("mar")[0].mask, axis=0)) == 8


def correlations(mask, values):
    """Of being there with a value, for each input that is ever missing."""
    return np.array(
        [
            [np.corrcoef(column, value)[0, 1] for value in values.T]
            for column in mask.T
        ]
    )


def test_each_mechanism_has_its_reason():
    mcar, mar, mnar = (rows_of(m)[0] for m in gaussians.MECHANISMS)

    assert abs(correlations(mcar.mask, mcar.complete)).max() < 0.04
    found = correlations(mnar.mask, mnar.complete)
    assert (np.argmin(found, axis=1) == np.arange(4)).all()
    assert np.diag(found).max() < -0.5
    found = correlations(mar.mask[:, 1:], mar.complete)
    assert (np.argmin(found, axis=1) == 0).all() and found[
        :, 0
    ].max() < -0.5
    # Among rows of like "a", nothing else says what is missing.
    like = np.abs(mar.complete[:, 0] - MEAN[1]) < 0.1
    rest = correlations(mar.mask[like, 1:], mar.complete[like, 1:])
    assert abs(rest).max() < 0.12


@pytest.mark.parametrize("mechanism", gaussians.MECHANISMS)
def test_a_gap_tells_of_the_target_only_if_not_at_random(mechanism):
    """Then the expectation given the values can be improved."""
    train, _, test = rows_of(mechanism)

    def residuals(part):
        best = gaussian_expectation(
            MEAN, COVARIANCE, part.values, part.mask
        )
        return part.targets - best

    def gaps(part):
        return np.hstack([np.ones((len(part.mask), 1)), 1 - part.mask])

    weights = np.linalg.lstsq(gaps(train), residuals(train), rcond=None)[0]
    left = np.mean((residuals(test) - gaps(test) @ weights) ** 2)
    gain = 1 - left / np.mean(residuals(test) ** 2)

    assert (gain > 0.2) if mechanism == "mnar" else abs(gain) < 0.01


def test_no_other_mechanism_or_rate():
    with pytest.raises(
        DataError, match="mechanism: expected one of 'mcar'"
    ):
        gaussian_rows(mechanism="random")
    with pytest.raises(DataError, match="rate: expected a share") as error:
        gaussian_rows(rate=30)
    assert "Received: 30" in str(error.value)


# Ratings


@pytest.fixture(scope="module")
def parts():
    return ratings()


NEW = {
    "train": (False, False),
    "validation": (False, False),
    "known": (False, False),
    "new users": (True, False),
    "new products": (False, True),
    "both new": (True, True),
}


def test_parts_are_of_users_and_products_that_are_known_or_new(parts):
    train = parts["train"]
    users, products = set(train.user), set(train.product)

    assert list(parts) == list(NEW)
    assert len(users) == rules.KNOWN_USERS
    assert len(products) == rules.KNOWN_PRODUCTS
    for name, (new_users, new_products) in NEW.items():
        part = parts[name]
        assert set(np.isin(part.user, [*users])) == {not new_users}
        assert set(np.isin(part.product, [*products])) == {not new_products}


def test_no_pair_is_rated_twice(parts):
    pairs = [
        pair
        for part in parts.values()
        for pair in zip(part.user, part.product)
    ]

    assert len(pairs) == len(set(pairs))


def test_columns_belong_to_users_and_products(parts):
    columns = {
        "user": ("age", "region", "activity"),
        "product": ("genre", "price"),
    }

    for member, names in columns.items():
        facts = {
            (ident, name, value)
            for part in parts.values()
            for name in names
            for ident, value in zip(
                getattr(part, member), getattr(part, name).ravel().tolist()
            )
        }
        idents = {ident for ident, _, _ in facts}
        assert len(facts) == len(idents) * len(names)


def test_ratings_have_the_types_that_are_promised(parts):
    for part in parts.values():
        count = len(part.user)
        assert set(vars(part)) - set(part.inputs) == {"stars", "best"}
        for name, values in vars(part).items():
            is_number = name in ("activity", "price", "stars", "best")
            assert values.shape == ((count, 1) if is_number else (count,))
            assert values.dtype.kind == ("f" if is_number else "U")


def effects(part):
    """What the columns may add to a rating, one column per effect."""
    ages, regions, genres = (
        values[:, None] == np.array(names)
        for values, names in (
            (part.age, rules.AGES),
            (part.region, rules.REGIONS),
            (part.genre, rules.GENRES),
        )
    )
    pairs = (ages[:, :, None] & genres[:, None]).reshape(len(ages), -1)
    price = (part.price - 20) / 10
    return np.hstack([pairs, regions * price, part.activity / 10])


@pytest.fixture(scope="module")
def weights(parts):
    """The rule, found again from what is best where all are new."""
    part = parts["both new"]
    return np.linalg.lstsq(effects(part), part.best, rcond=None)[0]


def test_two_who_are_new_are_told_by_their_columns_alone(parts, weights):
    part = parts["both new"]

    np.testing.assert_allclose(effects(part) @ weights, part.best)
    slopes, habit = weights[-5:-1, 0], weights[-1, 0]
    np.testing.assert_allclose(slopes, [-0.3, -0.15, 0, 0.15], atol=1e-9)
    assert habit == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("name", "member"), [("new users", "product"), ("new products", "user")]
)
def test_one_who_is_known_adds_one_number(parts, weights, name, member):
    """The mood or the quality; a taste needs a style, and is 0 on average.

    What is left of them in the ratings is chance.
    """
    part = parts[name]
    level = (part.best - effects(part) @ weights).ravel()
    idents = getattr(part, member)

    levels = [level[idents == ident] for ident in np.unique(idents)]
    assert max(map(np.ptp, levels)) < 1e-6
    assert np.std([of_one[0] for of_one in levels]) == pytest.approx(
        0.2, abs=0.05
    )


def test_two_who_are_known_add_their_levels_and_a_product(parts, weights):
    """A table of users and products of rank 3."""
    known = [parts[name] for name in ("train", "validation", "known")]
    hidden = np.full((rules.KNOWN_USERS, rules.KNOWN_PRODUCTS), np.nan)
    for part in known:
        cells = tuple(
            np.array([int(ident[-3:]) - 1 for ident in idents])
            for idents in (part.user, part.product)
        )
        hidden[cells] = (part.best - effects(part) @ weights).ravel()
    users = np.argsort(np.isnan(hidden).sum(axis=1))[:8]
    block = hidden[users][:, ~np.isnan(hidden[users]).any(axis=0)]

    sizes = np.linalg.svd(block, compute_uv=False)
    assert block.shape[1] > 8
    assert sizes[2] > 0.1 and sizes[3] < 1e-6


def test_the_best_is_neither_too_high_nor_too_low():
    """Over several draws, what is left does not go with what was said."""
    for name in ("new users", "new products", "both new"):
        drawn = [ratings(seed)[name] for seed in range(10)]
        best = np.concatenate([part.best for part in drawn]).ravel()
        left = np.concatenate([p.stars - p.best for p in drawn]).ravel()
        slope, offset = np.polyfit(best - best.mean(), left, 1)
        assert abs(slope) < 0.1 and abs(offset) < 0.03


def test_what_is_left_of_known_pairs_is_chance_alone(parts):
    for name in ("train", "validation", "known"):
        part = parts[name]
        left = (part.stars - part.best).ravel()
        assert abs(left.std() - 0.2) < 0.01
        assert abs(np.corrcoef(left, part.best.ravel())[0, 1]) < 0.05


def test_the_less_is_known_the_larger_is_the_best_error(parts):
    errors = {k: rmse(p.best, p.stars) for k, p in parts.items()}

    assert errors["known"] < 0.6 * errors["new users"]
    assert errors["known"] < 0.6 * errors["new products"]
    assert (
        max(errors["new users"], errors["new products"])
        < (errors["both new"])
    )
    for name, part in parts.items():
        constant = np.full_like(part.stars, parts["train"].stars.mean())
        assert errors[name] < rmse(constant, part.stars)


def test_the_seed_decides_the_ratings(parts):
    again, other = ratings()["known"], ratings(1)["known"]

    np.testing.assert_array_equal(parts["known"].stars, again.stars)
    assert not np.array_equal(parts["known"].stars, other.stars)


def test_more_ratings_than_pairs_are_refused():
    with pytest.raises(DataError, match="at most 38400 ratings"):
        ratings(num_train=36_000)
