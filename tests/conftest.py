"""What holds for all tests."""

from hypothesis import settings

# A busy machine is slow at any moment; how long something takes is for the benchmarks to say.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
