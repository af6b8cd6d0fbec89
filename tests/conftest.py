"""What holds for all tests."""

import gc

from hypothesis import settings

# A busy machine is slow at any moment; how long something takes is for the benchmarks to say.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Libraries and tests stay loaded: to look through all of them for garbage again and again took 7 % of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
