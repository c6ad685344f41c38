"""Answers to the sheet *Practice: stop, go on, and speed*.

Of a wrong one, the exercise and the mistake: the test that finds it, a
piece of the hint, and how the solution is edited.
"""

_KEPT = "kept[path].copy()"
_ROOM = (
    "        if len(kept) < room:\n            kept[path] = photo.copy()"
)

MUTANTS = {
    "stop-and-speed-1: the last batch of an epoch is safe": (
        "test",
        "its backup is written only after it",
        ("(stop - 1) // steps", "stop // steps"),
    ),
    "stop-and-speed-1: epochs from 1": (
        "test",
        "epochs are counted from 0",
        ("return epoch, ", "return epoch + 1, "),
    ),
    "stop-and-speed-1: the shorter batch is left out": (
        "test",
        "the shorter batch of each epoch counts",
        (
            "    steps = math.ceil(num_rows / batch_size)\n"
            "    epoch = (stop - 1) // steps",
            "    steps = num_rows // batch_size\n    epoch = stop // steps",
        ),
    ),
    "stop-and-speed-1: nothing comes again": (
        "test",
        "begun again from its first batch",
        ("stop - epoch * steps", "0"),
    ),
    "stop-and-speed-1: from the beginning": (
        "test",
        "stopped after 20: epoch 0 is not",
        ("return epoch, ", "return 0 * epoch, "),
    ),
    "stop-and-speed-1: the epoch alone": (
        "test",
        "two whole numbers",
        ("return epoch, stop - epoch * steps", "return epoch"),
    ),
    "stop-and-speed-1: always sixteen batches": (
        "hidden",
        "100 rows in batches of 7, stopped after 31: epoch 1 is not",
        ("math.ceil(num_rows / batch_size)", "16"),
    ),
    "stop-and-speed-2: it ends": (
        "test",
        "your generator ends after 7",
        ("while True:", "if True:"),
    ),
    "stop-and-speed-2: the last rows are lost": (
        "test",
        "should hold each of the 50 rows once",
        (
            "len(order), batch_size)",
            "len(order) - batch_size + 1, batch_size)",
        ),
    ),
    "stop-and-speed-2: the epoch does not count": (
        "test",
        "two have the same order",
        ("[seed, epoch]", "seed"),
    ),
    "stop-and-speed-2: one rng for all epochs": (
        "test",
        "Begun with epoch=1",
        (
            "    while True:\n",
            "    rng = np.random.default_rng(seed)\n    while True:\n",
        ),
        ("        rng = np.random.default_rng([seed, epoch])\n", ""),
    ),
    "stop-and-speed-2: seed plus epoch": (
        "test",
        "of seed 1 has",
        ("[seed, epoch]", "seed + epoch"),
    ),
    "stop-and-speed-2: the seed is not used": (
        "test",
        "Another seed gives the same order",
        ("[seed, epoch]", "epoch"),
    ),
    "stop-and-speed-2: no seed at all": (
        "test",
        "begins with another order",
        ("default_rng([seed, epoch])", "default_rng()"),
    ),
    "stop-and-speed-2: sets the global seed": (
        "test",
        "draws from np.random itself",
        (
            "        rng = np.random.default_rng([seed, epoch])\n",
            "        np.random.seed([seed, epoch])\n"
            "        rng = np.random\n",
        ),
    ),
    "stop-and-speed-2: targets of other rows": (
        "test",
        "Inputs and targets of a batch are not the same rows",
        ("targets[rows]", "targets[start : start + batch_size]"),
    ),
    "stop-and-speed-2: a list of arrays": (
        "test",
        "inputs are a dict",
        ("yield batch,", "yield [*batch.values()],"),
    ),
    "stop-and-speed-2: an empty batch at the end": (
        "hidden",
        "There is an empty batch",
        ("len(order), batch_size)", "len(order) + 1, batch_size)"),
    ),
    "stop-and-speed-3: nothing is kept": (
        "test",
        "6 photos, with room for all, are decoded 18 times",
        (_ROOM, ""),
    ),
    "stop-and-speed-3: all are kept": (
        "test",
        "of 6 photos, at least",
        ("len(kept) < room", "True"),
    ),
    "stop-and-speed-3: one too few": (
        "test",
        "6 photos, with room for all, are decoded 8 times",
        ("len(kept) < room", "len(kept) < room - 1"),
    ),
    "stop-and-speed-3: the kept array itself": (
        "test",
        "is handed out changed the next time",
        (_KEPT, "kept[path]"),
    ),
    "stop-and-speed-3: always the first photo": (
        "test",
        "other pixels are given back",
        ("if path in kept:", "if kept:"),
        (_KEPT, "next(iter(kept.values())).copy()"),
    ),
    "stop-and-speed-3: gives back the photo": (
        "test",
        "Your remembered stops",
        ("    return again", '    return again("1")'),
    ),
    "stop-and-speed-3: forgets to return": (
        "test",
        "gives back nothing",
        ("    return again", "    again"),
    ),
    "stop-and-speed-3: one memory for all": (
        "test",
        "share what they keep",
        ("    kept = {}\n", "    kept = remembered.__dict__\n"),
    ),
    "stop-and-speed-3: room for six": (
        "hidden",
        "9 photos, with room for all",
        ("len(kept) < room", "len(kept) < min(room, 6)"),
    ),
    "stop-and-speed-1: no number": (
        "test",
        "are not whole numbers",
        ("return epoch, stop - epoch * steps", "return epoch, None"),
    ),
    "stop-and-speed-2: seed plus ten times the epoch": (
        "test",
        "of seed 10 has",
        ("[seed, epoch]", "seed + 10 * epoch"),
    ),
    "stop-and-speed-2: batches of one size": (
        "test",
        "Only the last batch of an epoch",
        (
            (
                "for start in range(0, len(order), batch_size):\n"
                "            rows = order[start : start + batch_size]"
            ),
            (
                "for rows in np.array_split(order, -(-len(order) // "
                "batch_size)):"
            ),
        ),
    ),
    "stop-and-speed-2: it cannot begin later": (
        "test",
        "epoch=1 stops",
        (
            "    while True:",
            (
                "    if epoch:\n"
                "        raise ValueError(epoch)\n"
                "    while True:"
            ),
        ),
    ),
    "stop-and-speed-3: read-only": (
        "test",
        "Changing a photo in place stops",
        (
            "        return photo",
            ("        photo.setflags(write=False)\n        return photo"),
        ),
    ),
    "stop-and-speed-3: an error when it is full": (
        "test",
        "With room for 3 of 6 photos your function",
        (
            "        if len(kept) < room:",
            (
                "        if len(kept) == room:\n"
                "            raise MemoryError\n"
                "        if len(kept) < room:"
            ),
        ),
    ),
    "stop-and-speed-3: one more than there is room for": (
        "test",
        "of 4 photos, at least 5",
        (
            "        if len(kept) < room:\n",
            (
                "        if len(kept) > room:\n"
                "            kept.clear()\n"
                "        if True:\n"
            ),
        ),
    ),
}

ALSO_RIGHT = {
    "stop-and-speed-1: by the last batch": (
        (
            "    epoch = (stop - 1) // steps\n"
            "    return epoch, stop - epoch * steps",
            "    epoch, place = divmod(stop - 1, steps)\n"
            "    return np.int64(epoch), place + 1",
        ),
    ),
    "stop-and-speed-1: by counting": (
        (
            "    epoch = (stop - 1) // steps\n"
            "    return epoch, stop - epoch * steps",
            "    epoch = 0\n"
            "    while stop > steps:\n"
            "        epoch, stop = epoch + 1, stop - steps\n"
            "    return epoch, stop",
        ),
    ),
    "stop-and-speed-1: without math": (
        ("math.ceil(num_rows / batch_size)", "-(-num_rows // batch_size)"),
    ),
    "stop-and-speed-2: by sorting random numbers": (
        (
            "rng.permutation(len(targets))",
            "np.argsort(rng.random(len(targets)))",
        ),
    ),
    "stop-and-speed-2: pieces of one order": (
        ("[seed, epoch]", "10_000 * seed + epoch"),
    ),
    "stop-and-speed-2: a function that returns a generator": (
        (
            "    while True:\n",
            "    return made(inputs, targets, batch_size, seed, epoch)\n\n"
            "def made(inputs, targets, batch_size, seed, epoch):\n"
            "    while True:\n",
        ),
    ),
    "stop-and-speed-3: the oldest makes room": (
        (
            _ROOM,
            "        kept[path] = photo.copy()\n"
            "        if len(kept) > room:\n"
            "            del kept[next(iter(kept))]",
        ),
    ),
    "stop-and-speed-3: as a class": (
        (
            "    kept = {}\n",
            "    class Memory:\n"
            "        def __init__(self):\n"
            "            self.kept = {}\n\n"
            "        def __call__(self, path):\n"
            "            if path not in self.kept:\n"
            "                photo = read(path)\n"
            "                if len(self.kept) >= room:\n"
            "                    return photo\n"
            "                self.kept[path] = photo\n"
            "            return np.array(self.kept[path])\n\n"
            "    return Memory()\n",
        ),
    ),
    "stop-and-speed-3: by functools": (
        (
            "    kept = {}\n",
            "    import functools\n\n"
            "    held = functools.lru_cache(room)(read)\n"
            "    return lambda path: held(path).copy()\n",
        ),
    ),
    "stop-and-speed-1: a list": (
        (
            "return epoch, stop - epoch * steps",
            "return [epoch, stop - epoch * steps]",
        ),
    ),
}
