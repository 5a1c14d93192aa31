"""Continuations as a tree."""

from playground.lab.branches import Branch, grow


def test_what_paths_have_in_common_stands_once():
    assert grow([[1, 2, 3], [9], [1, 2, 4, 5], [1, 2, 4, 5]]) == (
        Branch(
            (1, 2),
            3,
            0,
            (Branch((4, 5), 2, 2, ()), Branch((3,), 1, 1, ())),
        ),
        Branch((9,), 1, 1, ()),
    )


def test_a_path_that_is_the_start_of_another_ends_in_the_middle():
    assert grow([[1, 2], [1]]) == (Branch((1,), 2, 1, (Branch((2,), 1, 1, ()),)),)


def test_nothing_grows_from_nothing():
    assert grow([]) == grow([[], []]) == ()


def test_every_path_can_be_read_back():
    paths = [[1, 2, 3], [1, 2], [4], [1, 5, 3], [4]]

    def read(branches, before=()):
        for branch in branches:
            so_far = (*before, *branch.tokens)
            yield from [so_far] * branch.ends
            yield from read(branch.forks, so_far)

    assert sorted(read(grow(paths))) == sorted(map(tuple, paths))
