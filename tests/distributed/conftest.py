"""The programs here are started by the tests, not collected."""

collect_ignore = [
    "jax_data_parallel.py",
    "ray_data.py",
    "shared_files.py",
    "stores.py",
    "tfdata_service.py",
]
