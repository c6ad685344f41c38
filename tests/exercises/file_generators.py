"""Answers to the sheet *Practice: samples spread over files*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_FIRST = "    ### BEGIN SOLUTION\n"
_BOTH = '[(f"sensor_{n}.npy", f"meta_{n}.json") for n in ids]'
_THERE = 'match and f"meta_{match[1]}.json" in there'
_RNG = "    rng = np.random.default_rng(seed)\n"
_ORDER = "order = rng.permutation(ids)"
_LOOP = "range(0, len(ids), batch_size)"
_READ = "ast.literal_eval(text)"
_YIELD = 'yield {"sensor": np.stack(sensors), "floor": floors}, targets'
_CHECK = "len(lines) != count"
_SKIP = 'bad="skip"'
_COMMA = '.replace(",", ".")'
_ROWS = 'np.array(pairs, dtype="float32")'

MUTANTS = {
    "file-generators-1: sorted as texts": (
        "test",
        "sensor_10.npy comes too early. Sort by the number",
        ("ids.sort(key=int)", "ids.sort()"),
    ),
    "file-generators-1: two sorted lists": (
        "test",
        "do not belong together",
        (
            _FIRST,
            f"{_FIRST}    sensors = [n for n in names if 'sensor' in n]\n"
            "    metas = [n for n in names if 'meta' in n]\n"
            "    return list(zip(sorted(sensors), sorted(metas)))\n",
        ),
    ),
    "file-generators-1: all sensors": (
        "test",
        "There is no file meta_3.json",
        (_THERE, "match"),
    ),
    "file-generators-1: the record first": (
        "test",
        "The sensor file should come first",
        (_BOTH, '[(f"meta_{n}.json", f"sensor_{n}.npy") for n in ids]'),
    ),
    "file-generators-1: ids alone": (
        "test",
        "Each entry should be a pair of two names",
        (_BOTH, "[[n] for n in ids]"),
    ),
    "file-generators-1: one is left out": (
        "test",
        "5 samples have both files, and you have 4",
        (_BOTH, _BOTH.replace("in ids", "in ids[:-1]")),
    ),
    "file-generators-1: twice": (
        "test",
        "The pair with sensor_100.npy comes more than once",
        (_BOTH, _BOTH.replace("in ids", "in ids + ids[-1:]")),
    ),
    "file-generators-1: the list is changed": (
        "test",
        "The list that came in is changed",
        (_FIRST, f"{_FIRST}    names.sort()\n"),
    ),
    "file-generators-1: no return": (
        "test",
        "Your pair gives back nothing",
        (f"return {_BOTH}", _BOTH),
    ),
    "file-generators-1: cut at the underscore": (
        "test",
        "Your pair stops in line 3 of its cell. IndexError",
        (
            _FIRST,
            f"{_FIRST}    ids = [int(n.split('_')[1].split('.')[0])"
            " for n in names]\n",
        ),
    ),
    "file-generators-1: any name that contains it": (
        "hidden",
        "The pair with sensor_3.npy comes more than once",
        ("re.fullmatch(r", "re.search(r"),
    ),
    "file-generators-2: the last batch is lost": (
        "test",
        "samples do not come in an epoch",
        (_LOOP, "range(0, len(ids) - batch_size + 1, batch_size)"),
    ),
    "file-generators-2: shuffled once": (
        "test",
        "Two epochs have the same order: it is made once",
        (_RNG, f"{_RNG}    {_ORDER}\n"),
        (f"        {_ORDER}\n", ""),
    ),
    "file-generators-2: two orders in turn": (
        "test",
        "The third epoch has the order of the first",
        (
            _RNG,
            f"{_RNG}    orders = [rng.permutation(ids) for _ in 'ab']\n",
        ),
        (_ORDER, "orders.reverse()\n        order = orders[0]"),
    ),
    "file-generators-2: eval": (
        "test",
        "reading it made a folder: the text is run",
        (_READ, "eval(text)"),
    ),
    "file-generators-2: bad records are passed over": (
        "test",
        "holds no record is read without an error",
        (
            _READ,
            'ast.literal_eval(text) if text[0] == "{" else '
            '{"floor": 0, "target": 0}',
        ),
    ),
    "file-generators-2: one epoch": (
        "test",
        "The generator ends after 3 batches",
        ("while True:", "for _ in range(1):"),
    ),
    "file-generators-2: no yield": (
        "test",
        "Does the function contain a `yield`?",
        (_YIELD, _YIELD.replace("yield", "return")),
    ),
    "file-generators-2: a list in place of a tuple": (
        "test",
        "yours yields a list",
        (
            _YIELD,
            'yield [{"sensor": np.stack(sensors), "floor": floors}, '
            "targets]",
        ),
    ),
    "file-generators-2: no floor": (
        "test",
        "Inputs are a dict with sensor and floor; yours: sensor.",
        (', "floor": floors', ""),
    ),
    "file-generators-2: sensors in a row": (
        "test",
        "sensor should be (4, 20, 3)",
        ("np.stack(sensors)", "np.concatenate(sensors)"),
    ),
    "file-generators-2: sensors in the order of the ids": (
        "test",
        "Sensors and targets of a batch are of different samples",
        (
            '"sensor_{n}.npy") for n in chosen',
            '"sensor_{n}.npy") for n in ids[start : start + batch_size]',
        ),
    ),
    "file-generators-2: sorted floors": (
        "test",
        "Floors and targets of a batch are of different samples",
        ('"floor": floors', '"floor": np.sort(floors)[::-1]'),
    ),
    "file-generators-2: larger batches": (
        "test",
        "A batch has more than 4 samples",
        (
            "start : start + batch_size]",
            "start : start + batch_size + 1]",
        ),
    ),
    "file-generators-2: filled up": (
        "test",
        "Some samples come twice in an epoch",
        (_ORDER, f"{_ORDER}\n        order = [*order, *order[:2]]"),
    ),
    "file-generators-2: the ids are shuffled": (
        "test",
        "The list of ids that came in is in another order",
        (_ORDER, "rng.shuffle(ids)\n        order = ids"),
    ),
    "file-generators-2: draws from the whole program": (
        "test",
        "You draw from np.random itself",
        (_RNG, "    rng = np.random\n    rng.seed(seed)\n"),
    ),
    "file-generators-2: no seed at all": (
        "test",
        "The same seed gives another order",
        ("default_rng(seed)", "default_rng()"),
    ),
    "file-generators-2: always the same seed": (
        "test",
        "the seed is not used",
        ("default_rng(seed)", "default_rng(0)"),
    ),
    "file-generators-2: a wrong name": (
        "test",
        "Your generator stops. FileNotFoundError",
        ('"meta_{n}.txt"', '"meta_{n}.json"'),
    ),
    "file-generators-2: other quotes, then JSON": (
        "hidden",
        "Your generator stops. JSONDecodeError",
        (
            _READ,
            "__import__('json').loads(text.replace(chr(39), chr(34)))",
        ),
    ),
    "file-generators-3: bad files are an error": (
        "test",
        "ValueError: could not convert",
        (f", {_SKIP}", ""),
        (", read_station", ", lambda path: read_station(paths[-1])"),
    ),
    "file-generators-3: the bad are not told": (
        "test",
        "A bad file should be skipped: FileColumn has bad= for it",
        (f", {_SKIP}", ""),
    ),
    "file-generators-3: commas are dropped": (
        "test",
        "Your numbers are ten times too large",
        (_COMMA, '.replace(",", "")'),
    ),
    "file-generators-3: turned": (
        "test",
        "A file of 4 readings should become (4, 2); yours becomes (2, 4)",
        (_ROWS, f"{_ROWS}.T"),
    ),
    "file-generators-3: wind first": (
        "test",
        "The two columns have changed places",
        (_ROWS, f"{_ROWS}[:, ::-1]"),
    ),
    "file-generators-3: whole degrees": (
        "test",
        "The readings should be floats; yours are int",
        (_ROWS, f'{_ROWS}.astype("int32")'),
    ),
    "file-generators-3: rounded": (
        "test",
        "The numbers are others than those in the file",
        (_ROWS, f"np.round({_ROWS})"),
    ),
    "file-generators-3: zeros for what is bad": (
        "test",
        "station_6.txt has words for numbers, and it is fed",
        (
            _ROWS,
            'np.array(pairs, dtype="float32") if "out" not in lines[2] '
            'else np.zeros((4, 2), "float32")',
        ),
    ),
    "file-generators-3: zeros for what is empty": (
        "test",
        "station_5.txt is empty, and it is fed",
        (
            "    first, *lines",
            "    if not path.read_text():\n"
            '        return np.zeros((4, 2), "float32")\n'
            "    first, *lines",
        ),
    ),
    "file-generators-3: good paths alone": (
        "test",
        "There are 7 files and the column has 5 rows",
        ("FileColumn(paths,", "FileColumn(paths[:5],"),
    ),
    "file-generators-3: an array": (
        "test",
        "A FileColumn is asked for; what you give back has the type list",
        (
            f"FileColumn(paths, read_station, {_SKIP})",
            "[read_station(path) for path in paths[:3]]",
        ),
    ),
    "file-generators-3: a good one is refused": (
        "test",
        "station_2.txt is good, and is skipped: ValueError: no",
        (
            _CHECK,
            f'{_CHECK} or "_2" in path.name',
        ),
        ('f"{len(lines)} readings in place of {count}"', '"no"'),
    ),
    "file-generators-3: lines are not counted": (
        "hidden",
        "has fewer readings than its first line",
        (_CHECK, "not lines"),
    ),
    "file-generators-1: something may follow the name": (
        "hidden",
        "The pair with sensor_20.npy comes more",
        ("re.fullmatch", "re.match"),
    ),
    "file-generators-2: texts for targets": (
        "test",
        "should be an array of numbers",
        ('[record["target"] for', '[str(record["target"]) for'),
    ),
    "file-generators-2: texts for floors": (
        "test",
        "Floors should be numbers",
        ('[record["floor"] for', '[str(record["floor"]) for'),
    ),
    "file-generators-2: eval without names": (
        "test",
        "which is no literal",
        ("ast.literal_eval(text)", 'eval(text, {"__builtins__": {}})'),
    ),
    "file-generators-2: draws from random": (
        "test",
        "You draw from random itself",
        (
            "rng = np.random.default_rng(seed)",
            ("import random\n\n    random.seed(seed)"),
        ),
        ("rng.permutation(ids)", "random.sample(ids, len(ids))"),
    ),
    "file-generators-3: always four lines": (
        "hidden",
        "ValueError: 6 readings in place of",
        ('count = int(first.removeprefix("readings: "))', "count = 4"),
    ),
    "file-generators-3: lines too many are read": (
        "hidden",
        "has more readings than its first line",
        ("len(lines) != count", "len(lines) < count"),
    ),
}
#: Other solutions that are as good, as edits.
ALSO_RIGHT = {
    "file-generators-1: by the length of the text": (
        ("key=int", "key=lambda n: (len(n), n)"),
    ),
    "file-generators-1: two dicts, and lists": (
        (
            _FIRST,
            f"{_FIRST}    found = {{'sensor': {{}}, 'meta': {{}}}}\n"
            "    for name in names:\n"
            '        shape = r"(sensor|meta)_(\\d+)\\.(npy|json)"\n'
            "        match = re.fullmatch(shape, name)\n"
            "        if match:\n"
            "            found[match[1]][int(match[2])] = name\n"
            "    sensor, meta = found.values()\n"
            "    both = sorted(sensor.keys() & meta.keys())\n"
            "    return [[sensor[n], meta[n]] for n in both]\n",
        ),
    ),
    "file-generators-1: a generator": (
        (
            f"return {_BOTH}",
            'yield from zip([f"sensor_{n}.npy" for n in ids], '
            '[f"meta_{n}.json" for n in ids])',
        ),
    ),
    "file-generators-2: an rng for each epoch": (
        (_RNG, "    epoch = 0\n"),
        (
            _ORDER,
            "rng = np.random.default_rng([seed, epoch])\n"
            f"        {_ORDER}\n        epoch += 1",
        ),
    ),
    "file-generators-2: a copy is shuffled": (
        (
            _RNG,
            "    import random\n\n    rng = random.Random(seed)\n",
        ),
        (_ORDER, "order = ids.copy()\n        rng.shuffle(order)"),
    ),
    "file-generators-2: JSON, if the quotes allow it": (
        (
            _READ,
            "ast.literal_eval(text) if text.count(chr(34)) else "
            "__import__('json').loads(text.replace(chr(39), chr(34)))",
        ),
    ),
    "file-generators-2: columns of one number": (
        ('"floor": floors', '"floor": floors[:, None]'),
    ),
    "file-generators-3: loadtxt": (
        (
            "pairs = [line",
            "numbers = np.loadtxt(\n"
            '        [line.replace(",", ".") for line in lines],\n'
            '        delimiter=";",\n'
            "    )\n"
            "    return numbers\n"
            "    pairs = [line",
        ),
    ),
    "file-generators-3: pandas": (
        (
            "    pairs = [line",
            "    import pandas as pd\n\n"
            "    return pd.read_csv(\n"
            '        path, sep=";", decimal=",", skiprows=1, header=None,'
            ' dtype="float64"\n'
            "    ).to_numpy()\n"
            "    pairs = [line",
        ),
    ),
    "file-generators-3: lists of floats": (
        (
            f"return {_ROWS}",
            "return [[float(a), float(b)] for a, b in pairs]",
        ),
    ),
}
