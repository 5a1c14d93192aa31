"""Uploads leave the disk after a day, those that were broken off too; nothing else is touched."""

import os

from playground.ui.uploads import clear


def test_what_is_old_goes_and_what_is_new_or_elsewhere_stays(tmp_path):
    folder, elsewhere = tmp_path / "uploads", tmp_path / "elsewhere"
    for path in (folder / "hash" / "old.png", folder / "tmpbroken", folder / "new" / "new.png", elsewhere / "x"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (folder / "link").symlink_to(elsewhere)
    for path in (folder / "hash" / "old.png", folder / "hash", folder / "tmpbroken", folder / "new", elsewhere / "x"):
        os.utime(path, (100, 100))
    os.utime(folder / "link", (100, 100), follow_symlinks=False)
    assert clear(folder, 1000) == 3
    assert (folder / "new" / "new.png").exists() and (elsewhere / "x").exists()
    # Deleting its file has made the folder new; it goes the next time.
    os.utime(folder / "hash", (100, 100))
    assert clear(folder, 1000) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["new"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert clear(tmp_path / "none", 1000) == 0
