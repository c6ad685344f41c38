"""A folder of images and a file of captions become rows, or an error."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from companion import (
    DataError,
    FileColumn,
    MultiInputGenerator,
    PaddedText,
    captioned_images,
)


@pytest.fixture
def folder(tmp_path):
    """Three images, of which one lies in a folder inside."""
    images = tmp_path / "photos"
    (images / "more").mkdir(parents=True)
    for n, name in enumerate(("a.png", "b.JPG", "more/c.jpeg")):
        Image.new("RGB", (4, 6), (n * 80, 0, 0)).save(images / name)
    return images


ROWS = [("a.png", "a red cat"), ("b.JPG", "a dog"), ("more/c.jpeg", "x")]


def as_csv(rows, head=("file_name", "text")):
    return "\n".join(map(",".join, [head, *rows])) + "\n"


def as_json(rows, head=("file_name", "text")):
    return "\n".join(json.dumps(dict(zip(head, row))) for row in rows)


FORMS = {"captions.csv": as_csv, "captions.jsonl": as_json}


def read(folder, content, name="captions.csv", **columns):
    captions = folder.parent / name
    captions.write_text(content, "utf-8")
    return captioned_images(folder, captions, **columns)


def told(folder, *given, **columns):
    with pytest.raises(DataError) as caught:
        read(folder, *given, **columns)
    return list(map(str, caught.value.problems))


@pytest.mark.parametrize("name", [*FORMS, "captions.JSON", "x.ndjson"])
def test_paths_and_texts_come_row_by_row(folder, name):
    write = as_csv if name.endswith("csv") else as_json

    paths, texts = read(folder, write(ROWS), name)

    assert paths == [folder / file for file, _ in ROWS]
    assert texts == [text for _, text in ROWS]


@pytest.mark.parametrize("name", FORMS)
def test_columns_have_names_of_ones_own_and_others_are_left(folder, name):
    rows = [(str(n), *row) for n, row in enumerate(ROWS)]

    _, texts = read(
        folder,
        FORMS[name](rows, ("id", "image", "caption")),
        name,
        file="image",
        text="caption",
    )

    assert texts == ["a red cat", "a dog", "x"]


@pytest.mark.parametrize("name", FORMS)
def test_an_image_may_have_several_captions(folder, name):
    rows = [ROWS[0], *ROWS, ("./a.png", "once more")]

    paths, texts = read(folder, FORMS[name](rows), name)

    assert paths.count(folder / "a.png") == 3 and len(texts) == 5


def test_texts_are_read_as_they_were_written(folder):
    words = 'red, "very" red\nand größer'
    quoted = '"' + words.replace('"', '""') + '"'
    rows = [("a.png", quoted), *ROWS[1:]]

    assert read(folder, "\ufeff" + as_csv(rows))[1][0] == words
    rows = [("a.png", words + "\u2028"), *ROWS[1:]]
    lines = as_json(rows).replace("\n", "\n\n")
    assert read(folder, lines, "x.jsonl")[1][0] == words + "\u2028"


def test_from_files_to_batches(folder):
    paths, texts = read(folder, as_csv(ROWS))
    words = sorted({word for text in texts for word in text.split()})
    tokens = [[words.index(w) + 1 for w in text.split()] for text in texts]

    batches = MultiInputGenerator(
        {
            "image": FileColumn.image(paths, (6, 4, 3)),
            "text": PaddedText(tokens, 4),
        },
        batch_size=2,
        workers=2,
    )

    images = np.concatenate([inputs["image"] for (inputs,) in batches])
    np.testing.assert_allclose(
        images[:, 0, 0, 0] * 255, [0, 80, 160], atol=3
    )
    assert batches[1][0]["text"].tolist() == [
        [words.index("x") + 1, 0, 0, 0]
    ]


@pytest.mark.parametrize("name", FORMS)
def test_captions_without_image_are_told_by_file(folder, name):
    gone = [(f"gone{n}.png", "a cat") for n in range(5)]

    (problem,) = told(folder, FORMS[name](ROWS + gone), name)

    assert problem.startswith(f"{name}: expected files that are in the fo")
    assert "no file gone0.png, gone1.png, gone2.png and 2 more" in problem


@pytest.mark.parametrize("name", FORMS)
def test_images_without_caption_are_told_by_file(folder, name):
    (problem,) = told(folder, FORMS[name](ROWS[:1]), name)

    assert "expected a caption for each image" in problem
    assert "Received: none for b.JPG, more/c.jpeg. " in problem


def test_other_files_in_the_folder_need_no_caption(folder):
    (folder / "README.txt").touch()

    assert len(read(folder, as_csv(ROWS))[0]) == 3


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("words", ["", "  "])
def test_empty_captions_are_told_by_line(folder, name, words):
    rows = [ROWS[0], ("b.JPG", words), ROWS[2]]

    (problem,) = told(folder, FORMS[name](rows), name)

    line = 3 if name.endswith("csv") else 2
    assert f"a text under text. Received: none in line {line}. " in problem


@pytest.mark.parametrize("name", FORMS)
def test_a_column_that_is_not_there_is_told_with_those_that_are(
    folder, name
):
    text = FORMS[name](ROWS, ("file", "caption"))

    problems = told(folder, text, name)

    assert len(problems) == 2
    for problem, column in zip(problems, ("file_name", "text")):
        assert (
            f"expected a text under {column}. Received: none in" in problem
        )
        assert "another of these columns: file, caption." in problem


def test_columns_of_another_separator_are_told(folder):
    problem, *_ = told(folder, as_csv(ROWS).replace(",", ";"))

    assert "these columns: file_name;text." in problem


def test_a_caption_that_a_comma_would_cut_is_told(folder):
    (problem,) = told(folder, as_csv([("a.png", "red, big"), *ROWS[1:]]))

    assert (
        "more in line 2. Put captions that hold a comma in quotes"
        in problem
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "x.jsonl",
            as_json(ROWS[:1]) + '\n{"a": \n',
            "x.jsonl, line 2: .*val",
        ),
        ("x.jsonl", as_json(ROWS[:2]) + "\n\n[1, 2]", "x.jsonl, line 4: "),
        ("x.jsonl", as_json(ROWS[:2]) + '\n"words"', "x.jsonl, line 3: "),
        ("x.jsonl", as_json(ROWS[:2]) + "\n7", "x.jsonl, line 3: "),
        ("x.csv", 'file_name,text\na.png,"red\nb.JPG,x', "x.csv, line 3: "),
        ("x.csv", 'file_name,text\na.png,"red"x', "x.csv, line 2: "),
        ("x.csv", "file_name,text\n", "x.csv: .*none in it"),
        ("x.jsonl", "", "x.jsonl: .*none in it"),
        ("x.jsonl", '{"file_name": "a.png", "text": 7}', "none in line 1"),
        ("x.jsonl", '{"file_name": null, "text": "x"}', "none in line 1"),
        ("x.csv", "file_name,text\na.png\n", "none in line 2"),
    ],
)
def test_broken_lines_are_told_by_number(folder, name, text, words):
    (problem,) = told(folder, text, name)

    assert re.match(f"(?s).*{words}", problem), problem
    assert "line 1 column" not in problem


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "way", ["../secret.png", "more/../../secret.png", "{folder}/a.png"]
)
def test_names_that_lead_out_of_the_folder_are_refused(folder, name, way):
    (folder.parent / "secret.png").touch()
    rows = [*ROWS, (way.format(folder=folder.as_posix()), "x")]

    (problem,) = told(folder, FORMS[name](rows), name)

    assert "names within the folder" in problem


def test_names_may_go_about_within_the_folder(folder):
    paths, _ = read(folder, as_csv([("more/../a.png", "x"), *ROWS[1:]]))

    assert paths[0] == folder / "a.png"


def test_a_file_that_cannot_be_read_is_told(folder):
    with pytest.raises(
        DataError, match="no.csv: .*Save it there, in UTF-8"
    ):
        captioned_images(folder, folder / "no.csv")

    (folder / "latin.csv").write_bytes(
        "file_name,text\nä".encode("latin-1")
    )
    with pytest.raises(DataError, match="latin.csv: .*can't decode"):
        captioned_images(folder, folder / "latin.csv")
