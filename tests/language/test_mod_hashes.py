# hashlib over the native digests, hmac, secrets, uuid.
import hashlib
import hmac
import threading
import uuid

from checks import raises

DATA = bytes(range(256)) * 40
KNOWN = {
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha224": "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha3_256": "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
    "blake2s": "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9",
}


def test_known_values():
    for name, digest in KNOWN.items():
        assert hashlib.new(name).hexdigest() == digest, name
    assert hashlib.sha512(b"abc").hexdigest()[:32] == "ddaf35a193617abacc417349ae204131"
    assert hashlib.sha384(b"abc").hexdigest()[:32] == "cb00753f45a35e8bb5a03d699ac65007"
    assert hashlib.shake_128(b"").hexdigest(8) == "7f9c2ba4e88f827d"
    assert hashlib.blake2b(b"abc").hexdigest()[:32] == "ba80a53f981c4d0d6a2797b69f12f6e9"
    assert hashlib.sha3_512(b"abc").hexdigest()[:16] == "b751850b1a57168a"


def test_pieces_and_copies():
    for name in sorted(hashlib.algorithms_guaranteed):
        variable = name.startswith("shake")
        whole = hashlib.new(name, DATA)
        for step in (1, 63, 64, 65, 127, 128, 129, 1000):
            parts = hashlib.new(name)
            for i in range(0, len(DATA), step):
                parts.update(DATA[i:i + step])
                copy = parts.copy()
            assert (copy.digest(300) == whole.digest(300)) if variable else (copy.digest() == whole.digest()), (name, step)
        assert whole.name == name and whole.digest_size == (0 if variable else len(whole.digest()))


def test_blake2_parameters():
    h = hashlib.blake2b(b"x", key=b"k" * 64, salt=b"s", person=b"p", digest_size=20, fanout=2, depth=3, leaf_size=100, node_offset=7,
                        node_depth=1, inner_size=5, last_node=True)
    assert h.digest_size == 20 and len(h.digest()) == 20
    assert h.hexdigest() != hashlib.blake2b(b"x", digest_size=20).hexdigest()
    assert str(raises(ValueError, hashlib.blake2b, salt=b"x" * 17)) == "maximum salt length is 16 bytes"
    assert str(raises(ValueError, hashlib.blake2s, key=b"x" * 33)) == "maximum key length is 32 bytes"
    raises(ValueError, hashlib.blake2b, digest_size=0)
    raises(OverflowError, hashlib.blake2s, node_offset=1 << 48)


def test_errors():
    assert str(raises(TypeError, hashlib.sha256, "x")) == "Strings must be encoded before hashing"
    raises(TypeError, hashlib.md5, 5)
    raises(ValueError, hashlib.new, "no such hash")


def test_users():
    assert hmac.new(b"k", b"m", "sha256").hexdigest().startswith("b60090e3052297ae")
    assert uuid.uuid5(uuid.NAMESPACE_DNS, "python.org") == uuid.UUID("886313e1-3b8a-5372-9b90-0c9aee199e5d")
    assert uuid.uuid4().version == 4


def test_keys_and_hmac_objects():
    assert hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1).hex() == "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"
    assert hashlib.scrypt(b"", salt=b"", n=16, r=1, p=1, dklen=64).hex().startswith("77d6576238657b203b19ca42c18a0497")
    raises(ValueError, hashlib.pbkdf2_hmac, "sha256", b"", b"", 0)
    raises(ValueError, hashlib.scrypt, b"", salt=b"", n=15, r=1, p=1)
    h = hmac.new(b"key", digestmod="sha1")
    h.update(b"part one, ")
    copy = h.copy()
    h.update(b"part two")
    assert h.digest() == hmac.digest(b"key", b"part one, part two", "sha1") and copy.digest() != h.digest()
    assert h.name == "hmac-sha1" and h.block_size == 64
    assert hmac.compare_digest(b"a", b"a") and not hmac.compare_digest("a", "b")


def test_classes_without_instances():
    class Sub(type(hashlib.md5())):
        pass

    raises(TypeError, type(hashlib.md5()))
    raises(TypeError, Sub)
    raises(TypeError, Sub.__new__, Sub)
    raises(TypeError, object.__new__, Sub)


def test_shared_between_threads():
    h = hashlib.sha256()
    block = b"a" * 5000
    threads = [threading.Thread(target=lambda: [h.update(block) for _ in range(50)]) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert h.digest() == hashlib.sha256(block * 200).digest()


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
