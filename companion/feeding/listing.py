"""Which files belong to which sample, told before any is read."""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from companion.errors import ContractWarning, DataError, Problem
from companion.rules import choice_problem

#: Files that are images, by how their names end, in small letters.
_IMAGES = (".jpg", ".jpeg", ".png")
_JSON_LINES = (".jsonl", ".ndjson", ".json")
#: Stands for the id in a pattern.
_ID = "{id}"
#: Lines or files that a message names.
_NAMED = 3


def captioned_images(
    folder: str | Path,
    captions: str | Path,
    *,
    file: str = "file_name",
    text: str = "text",
) -> tuple[list[Path], list[str]]:
    r"""The images of a folder, each with the text that describes it.

    An image with several captions comes once for each. Every JPEG and PNG
    in the folder must have one.

    Taught in the chapter *Captions*.

    Args:
        folder: Where the images are, also in folders inside.
        captions: A file in UTF-8 with a line for each caption: CSV with a
            header, or JSON lines if its name ends in ``.jsonl``,
            ``.ndjson`` or ``.json``.
        file: The column with the name of the image, within the folder.
        text: The column with the caption.

    Returns:
        Paths and texts, in the order of the lines. The paths are what
        `FileColumn.image` takes; the texts, as ids, go to `PaddedText`.

    Raises:
        DataError: If a column is missing, a line cannot be read or has no
            caption, a name leads out of the folder or to no file, or an
            image has no caption.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     captions = Path(folder, "captions.csv")
        ...     _ = captions.write_text("file_name,text\ncat.png,a cat")
        ...     Path(folder, "cat.png").touch()
        ...     paths, texts = captioned_images(folder, captions)
        >>> paths[0].name, texts
        ('cat.png', ['a cat'])
    """
    folder, captions = Path(folder), Path(captions)
    lines = _lines_of(captions)
    say = functools.partial(told, captions.name)
    DataError.raise_if(*_line_problems(say, lines, (file, text)))
    names = [os.path.normpath(line[file]) for line in lines.values()]
    DataError.raise_if(*_file_problems(say, folder, names))
    texts = [line[text] for line in lines.values()]
    return [folder / name for name in names], texts


def _lines_of(captions: Path) -> dict[int, dict[str, Any]]:
    """What each line holds, by its number."""
    found, read = {}, 0

    def each(text: str) -> Iterator[str]:
        nonlocal read
        for line in io.StringIO(text, newline=""):
            read += 1
            yield line

    try:
        lines = each(captions.read_text("utf-8-sig"))
        records: Iterable[Any] = csv.DictReader(lines, strict=True)
        if captions.suffix.lower() in _JSON_LINES:
            records = (dict(json.loads(x)) for x in lines if x.strip())
        for record in records:
            found[read] = record
    except (OSError, ValueError, TypeError, csv.Error) as error:
        where = captions.name + f", line {read}" * bool(read)
        expected = "CSV with a header, or a JSON object in each line"
        received = str(error).partition(": line")[0]
        fix = "Mend this line." if read else "Save it there, in UTF-8."
        raise DataError.of(where, expected, received, fix) from error
    return found


def told(
    where: str, expected: str, received: str, wrong: Sequence[Any], fix: str
) -> Problem | None:
    """A problem of several lines or files, of which it names the first.

    Args:
        where: As in `Problem`.
        expected: As in `Problem`.
        received: What stands before the names.
        wrong: All that are wrong; none make no problem.
        fix: As in `Problem`.
    """
    if not wrong:
        return None
    named = ", ".join(map(str, wrong[:_NAMED]))
    more = len(wrong) - _NAMED
    named += f" and {more} more" * (more > 0)
    return Problem(where, expected, f"{received} {named}", fix)


def _line_problems(
    say: Callable, lines: dict[int, dict], columns: tuple[str, ...]
) -> Iterator[Problem | None]:
    """Lines that lack something, or have too much."""
    if not lines:
        fix = "Look at where it was written: it is empty."
        yield say("a line for each caption", "none in", ["it"], fix)
        return
    fields = ", ".join(filter(None, next(iter(lines.values()))))
    longer = [n for n, line in lines.items() if None in line]
    fix = "Put captions that hold a comma in quotes."
    yield say(f"the fields {fields}", "more in line", longer, fix)
    for column in columns:
        empty = [n for n, x in lines.items() if _is_empty(x.get(column))]
        fix = f"Write one, or name another of these columns: {fields}."
        yield say(f"a text under {column}", "none in line", empty, fix)


def _is_empty(value: Any) -> bool:
    return not isinstance(value, str) or not value.strip()


def _file_problems(
    say: Callable, folder: Path, names: list[str]
) -> Iterator[Problem | None]:
    """Captions without an image, and images without a caption."""
    known = sorted({*names})
    yield from _absent(say, folder, known)
    images = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix.lower() in _IMAGES
    }
    bare, fix = sorted(images - {*known}), "Write one, or move the image."
    yield say("a caption for each image", "none for", bare, fix)


def _absent(
    say: Callable, folder: Path, names: Iterable[str]
) -> Iterator[Problem | None]:
    """Names that lead out of the folder, or to no file."""
    outside = [name for name in names if _leads_out(name)]
    fix = "Move these files into the folder, or name the one above."
    yield say("names within the folder", "also", outside, fix)
    missing = [name for name in names if not (folder / name).is_file()]
    fix = "Look at the names, or leave these lines out."
    yield say("files that are in the folder", "no file", missing, fix)


def _leads_out(name: str) -> bool:
    first = os.path.normpath(name).split(os.sep)[0]
    return os.path.isabs(name) or first == os.pardir


def listed_files(
    folder: str | Path, names: Iterable[str], *, only: bool = False
) -> list[Path]:
    """The files that a table names, if the folder has them.

    Of files in the folder that no row names, a `ContractWarning` tells:
    those of the kinds that the table names, by how names end.

    Taught in the chapter *Samples spread over files*.

    Args:
        folder: Where the files are, also in folders inside.
        names: A name within the folder for each sample, such as a column
            of pandas.
        only: Whether files that no row names are an error.

    Returns:
        A path for each name, for `FileColumn`.

    Raises:
        DataError: If a name is no text, leads out of the folder or to no
            file, or nothing is named.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Path(folder, "cat.png").touch()
        ...     paths = listed_files(folder, ["cat.png"])
        >>> paths[0].name
        'cat.png'
    """
    alone = [names] if isinstance(names, str) else []
    folder, names = Path(folder), list(names)
    say = functools.partial(told, str(folder))
    missing = [] if folder.is_dir() else [folder]
    DataError.raise_if(
        say("a folder", "none at", missing, "Look at the path."),
        say("a list of names", "one text,", alone, "Put it in a list."),
    )
    wrong = [n for n, name in enumerate(names) if _is_empty(name)]
    DataError.raise_if(
        say("a name in each row", "none in row", wrong, "Fill the gap."),
        None if names else say("names", "none", [""], "Look at the table."),
    )
    names = [os.path.normpath(name) for name in names]
    DataError.raise_if(*_absent(say, folder, dict.fromkeys(names)))
    kinds = {Path(name).suffix for name in names}
    there = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix in kinds and path.is_file()
    }
    fix = "Add their rows, or move them, if they should be in it."
    others = sorted(there - set(names))
    problem = say("a row for each file", "none for", others, fix)
    DataError.raise_if(problem if only else None)
    if problem:
        warnings.warn(str(problem), ContractWarning, stacklevel=2)
    return [folder / name for name in names]


class Paths(Sequence[str]):
    """Paths within a folder, made when they are asked for.

    Args:
        root: The folder.
        names: Names within it; or the id of each sample, if there is a
            pattern.
        pattern: What a name is made of, with ``{id}`` in it.
    """

    def __init__(
        self, root: str, names: Sequence[str], pattern: str = _ID
    ) -> None:
        self.root, self.names, self.pattern = root, names, pattern
        first, self._end = pattern.split(_ID)
        self._begin = root + os.sep + first

    def __len__(self) -> int:
        return len(self.names)

    def name(self, row: int) -> str:
        """The name within the folder."""
        return self.pattern.replace(_ID, self.names[row])

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return Paths(self.root, self.names[row], self.pattern)
        return self._begin + self.names[row] + self._end


class FilePairs:
    """Samples whose parts are files that share an id.

    Taught in the chapter *Samples spread over files*. `pair_files` finds
    them.

    Args:
        root: The folder.
        ids: What the files of a sample share, in natural order.
        parts: Paths by name of the part, in the order of the ids.
        left_out: Names of files without a partner.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as root:
        ...     for name in ["s2.npy", "s10.npy", "m2.json", "m10.json"]:
        ...         Path(root, name).touch()
        ...     pairs = pair_files(root, s="s{id}.npy", m="m{id}.json")
        ...     pairs.to_csv(Path(root, "pairs.csv"))
        ...     again = FilePairs.from_csv(root, Path(root, "pairs.csv"))
        >>> pairs.ids, len(again)
        (['2', '10'], 2)
    """

    def __init__(
        self,
        root: str | Path,
        ids: list[str],
        parts: Mapping[str, Paths],
        left_out: Sequence[str] = (),
    ) -> None:
        self.root, self.ids, self.parts = str(root), ids, dict(parts)
        self.left_out = list(left_out)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, part: str) -> Paths:
        """The paths of a part, one per sample, for `FileColumn`."""
        DataError.raise_if(
            choice_problem("part", part, tuple(self.parts), of="FilePairs")
        )
        return self.parts[part]

    def __repr__(self) -> str:
        rest = f", {_files(self.left_out)} left out" * bool(self.left_out)
        return f"FilePairs({len(self)} of {', '.join(self.parts)}{rest})"

    def to_csv(self, path: str | Path) -> None:
        """Writes ids and names, a row per sample: the manifest.

        Args:
            path: The file.
        """
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *self.parts])
            for row, key in enumerate(self.ids):
                names = [each.name(row) for each in self.parts.values()]
                writer.writerow([key, *names])

    @classmethod
    def from_csv(cls, root: str | Path, path: str | Path) -> FilePairs:
        """Reads what `to_csv` wrote, also if rows were taken out.

        Args:
            root: The folder that the names are in.
            path: The file.

        Raises:
            DataError: If a name leads out of the folder or to no file, an
                id comes twice, or there is no id.
        """
        say = functools.partial(told, Path(path).name)
        lines = _lines_of(Path(path))
        header = list(next(iter(lines.values()), {}))
        fields = [name for name in header if name != "id"]
        if "id" not in header or not fields:
            found = ", ".join(filter(None, header))
            raise DataError.of(
                Path(path).name,
                "an id and a file in each row, under a header",
                f"the columns {found}" if found else "no row",
                "Write it again: pairs.to_csv(path).",
            )
        ids = [line["id"] for line in lines.values()]
        bare = [n for n, line in lines.items() if not line["id"]]
        twice = _repeated(filter(None, ids))
        fix = "Write it, or take this line out."
        DataError.raise_if(
            say("an id in each row", "none in line", bare, fix),
            say("an id once", "twice", twice, "Take one out."),
            *_line_problems(say, lines, tuple(fields)),
        )
        parts = {}
        for field in fields:
            names = [line[field] for line in lines.values()]
            DataError.raise_if(*_absent(say, Path(root), names))
            parts[field] = Paths(str(root), names)
        return cls(root, ids, parts)


def pair_files(
    root: str | Path, *, unpaired: str = "raise", **patterns: str
) -> FilePairs:
    """The files of a folder that belong together, by their names.

    Taught in the chapter *Samples spread over files*.

    Args:
        root: The folder. Links to other folders are not followed.
        unpaired: What becomes of files without a partner: ``"raise"``, or
            ``"skip"``, which lists them in ``left_out``.
        **patterns: The name of each part's files within the folder, with
            ``{id}`` where they say which sample it is:
            ``sensor="sensor_{id}.npy"``, ``sensor="{id}/sensor.npy"``. An
            ``*`` stands for any text without a slash, ``**/`` for any
            folders.

    Returns:
        `FilePairs`, in natural order: 2 before 10.

    Raises:
        DataError: If there are no files, some lack a partner, an id comes
            twice in a part, a pattern has no ``{id}``, or a link leads out
            of the folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as root:
        ...     for name in ["a_1.npy", "a_2.npy", "b_1.json"]:
        ...         Path(root, name).touch()
        ...     pairs = pair_files(
        ...         root, unpaired="skip", a="a_{id}.npy", b="b_{id}.json"
        ...     )
        >>> pairs, pairs.left_out
        (FilePairs(1 of a, b, 1 file left out), ['a_2.npy'])
    """
    where, root = "pair_files", str(root)
    say = functools.partial(told, where)
    wrong = [n for n, text in patterns.items() if text.count(_ID) != 1]
    fix = 'Write sensor="sensor_{id}.npy".'
    DataError.raise_if(
        say("one {id} in each pattern", "not in", wrong, fix),
        choice_problem("unpaired", unpaired, ("raise", "skip"), of=where),
        None
        if patterns
        else Problem(where, "a pattern for each part", "none", fix),
        None
        if os.path.isdir(root)
        else Problem(where, "a folder", root, "Look at the path."),
    )
    found, problems = _found(root, patterns)
    for part, names in found.items():
        fix = f"Look at its pattern, {patterns[part]}, and at the folder."
        empty = [part] * (not names)
        problems.append(say("files for each part", "none for", empty, fix))
        twice = _repeated(key for key, _ in names)
        fix = "Give them ids of their own, or name one folder."
        problems.append(say(f"each {part} once", "twice", twice, fix))
    DataError.raise_if(*problems)
    return _paired(say, root, patterns, found, unpaired == "skip")


def _found(
    root: str, patterns: Mapping[str, str]
) -> tuple[dict[str, list[tuple[str, str]]], list[Problem | None]]:
    """Id and name of every file of each part, and links that lead out."""
    expressions = {n: _expression(text) for n, text in patterns.items()}
    found: dict[str, list] = {name: [] for name in patterns}
    outside, broken = [], []
    inside = os.path.realpath(root) + os.sep
    for name, entry in _walk(root):
        for part, expression in expressions.items():
            match = expression.fullmatch(name)
            if match is None:
                continue
            if entry.is_symlink():
                real = os.path.realpath(entry.path)
                if not real.startswith(inside):
                    outside.append(name)
            if os.path.isfile(entry.path):
                found[part].append((match["id"], name))
            else:
                broken.append(name)
    say = functools.partial(told, "pair_files")
    fix = "Copy the files into the folder."
    return found, [
        say("links that stay in the folder", "leaving it:", outside, fix),
        say("files", "none behind", broken, "Mend the link, or remove it."),
    ]


def _walk(root: str, folder: str = "") -> Iterator[tuple[str, os.DirEntry]]:
    """Every entry that is no folder, by its name within the root."""
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        with os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                else:
                    yield name, entry


def _expression(pattern: str) -> re.Pattern[str]:
    """What a name must look like."""
    spoken = {"**/": "(?:.*/)?", "*": "[^/]*", _ID: "(?P<id>[^/]+)"}
    pieces = re.split(r"(\*\*/|\*|\{id\})", pattern)
    return re.compile("".join(spoken.get(x, re.escape(x)) for x in pieces))


def _paired(
    say: Callable,
    root: str,
    patterns: Mapping[str, str],
    found: Mapping[str, list[tuple[str, str]]],
    skip: bool,
) -> FilePairs:
    """Samples that have all parts, in natural order."""
    tables = {part: dict(names) for part, names in found.items()}
    first, *rest = tables.values()
    common = set(first).intersection(*rest)
    left_out = sorted(
        (
            name
            for each in tables.values()
            for key, name in each.items()
            if key not in common
        ),
        key=_natural,
    )
    fix = 'Find the partners, or pass unpaired="skip".'
    problem = say(
        f"a {' and a '.join(patterns)} for each id",
        f"{_files(left_out)} without a partner:",
        left_out,
        fix,
    )
    DataError.raise_if(None if skip else problem)
    if not common:
        fix = "Look at the patterns, and at the folder."
        received = ", ".join(f"{len(t)} {n}" for n, t in tables.items())
        DataError.raise_if(
            Problem(
                "pair_files", "samples that have all parts", received, fix
            )
        )
    ids = sorted(common, key=_natural)
    parts = {}
    for part, pattern in patterns.items():
        if "*" in pattern:
            names = [tables[part][key] for key in ids]
            parts[part] = Paths(root, names)
        else:
            parts[part] = Paths(root, ids, pattern)
    return FilePairs(root, ids, parts, left_out)


def _natural(text: str) -> list[tuple[int, str]]:
    """Sorts 2 before 10."""
    pieces = re.split(r"([0-9]+)", text)
    return [
        (int(piece), "") if place % 2 else (-1, piece)
        for place, piece in enumerate(pieces)
    ]


def _files(names: Sequence[str]) -> str:
    return f"{len(names)} file{'s' * (len(names) != 1)}"


def _repeated(keys: Iterable[str]) -> list[str]:
    return [key for key, times in Counter(keys).items() if times > 1]
