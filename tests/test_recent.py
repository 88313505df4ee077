"""The cache of what was used last."""

import threading

from multigrad._recent import Recent


def test_the_least_recently_used_is_forgotten():
    cache = Recent(3)
    for k in range(3):
        cache.keep(k, str(k))
    assert cache.get(0) == "0"
    cache.keep("new", "code")
    assert [cache.get(k) for k in (0, 1, 2, "new")] == ["0", None, "2", "code"]


def test_what_is_kept_again_takes_one_place():
    cache = Recent(2)
    for value in ("old", "new"):
        cache.keep("key", value)
    cache.keep("other", "value")
    assert [cache.get("key"), cache.get("other")] == ["new", "value"]


def test_threads_share_it():
    cache = Recent(5)

    def fill(start):
        for k in range(start, start + 2_000):
            cache.keep(k % 50, k % 50)
            assert cache.get(k % 50) in (None, k % 50)

    threads = [threading.Thread(target=fill, args=(7 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(cache.get(k) is not None for k in range(50)) == 5
