"""Components of the platform, a folder per capability; the programs in ``stacks`` compose them."""
