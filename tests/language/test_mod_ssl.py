# _ssl: https with urllib, connections over sockets and memory, threads, errors.
import http.server
import os
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings

from checks import raises

# A key and certificate of the installed test suite; without it most of this is not tested.
FOLDER = next((folder for folder in ("/usr/lib/python3.11/test/certdata", "/usr/lib/python3.11/test")
               if os.path.exists(os.path.join(folder, "keycert.pem"))), None)
CERTIFICATE = FOLDER and os.path.join(FOLDER, "keycert.pem")


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def client_context():
    return ssl.create_default_context(cafile=CERTIFICATE)


def pair(server=None, client=None, **options):
    """Both ends of a connection, after the handshake."""
    a, b = socket.socketpair()
    result = []
    context = server or server_context()
    thread = threading.Thread(target=lambda: result.append(context.wrap_socket(a, server_side=True)))
    thread.start()
    end = (client or client_context()).wrap_socket(b, server_hostname="localhost", **options)
    thread.join()
    return result[0], end


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path.encode() * 2000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_https():
    server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
    server.socket = server_context().wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *args: None
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        address = "https://localhost:%d/" % server.server_port
        context, bodies = client_context(), []

        def fetch(name):
            with urllib.request.urlopen(address + name, context=context, timeout=30) as response:
                bodies.append((name, response.read()))

        threads = [threading.Thread(target=fetch, args=(str(i),)) for i in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted(bodies) == [(str(i), b"/%d" % i * 2000) for i in range(6)]
        error = raises(urllib.error.URLError, urllib.request.urlopen, address, timeout=30).reason
        assert isinstance(error, ssl.SSLCertVerificationError) and isinstance(error, ValueError), error
        assert (error.library, error.reason, error.verify_code) == ("SSL", "CERTIFICATE_VERIFY_FAILED", 18)
        assert str(error).startswith("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: " + error.verify_message)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_connection():
    server, client = pair()
    with server, client:
        assert client.version() == server.version() == "TLSv1.3"
        assert client.cipher() == server.cipher() and len(client.cipher()) == 3
        certificate = client.getpeercert()
        assert certificate["subject"][-1] == (("commonName", "localhost"),)
        assert ("DNS", "localhost") in certificate["subjectAltName"]
        assert ssl.DER_cert_to_PEM_cert(client.getpeercert(True)) in open(CERTIFICATE).read()
        assert server.getpeercert() is None and client.server_hostname == "localhost"
        assert client.selected_alpn_protocol() is None and client.compression() is None
        big = os.urandom(3_000_000)
        thread = threading.Thread(target=server.sendall, args=(big,))
        thread.start()
        got = bytearray()
        while len(got) < len(big):
            got += client.recv(70_000)
        thread.join()
        assert got == big
        client.sendall(b"abc")
        buffer = bytearray(2)
        assert server.recv_into(buffer) == 2 and buffer == b"ab" and server.pending() == 1 and server.recv(5) == b"c"
        thread = threading.Thread(target=server.unwrap)
        thread.start()
        raw = client.unwrap()
        thread.join()
        assert type(raw) is ssl.SSLSocket or isinstance(raw, socket.socket)


# One thread waits for data while another writes; neither keeps the other.
def test_both_directions():
    server, client = pair()
    with server, client:
        received = []
        reader = threading.Thread(target=lambda: received.append(client.recv(10)))
        reader.start()
        time.sleep(0.05)
        for i in range(20):
            client.sendall(b"%d" % (i % 10))
        data = b""
        while len(data) < 20:
            data += server.recv(20)
        assert data == b"01234567890123456789"
        server.sendall(b"answer")
        reader.join(20)
        assert received == [b"answer"]


# CPython lets go of its lock within OpenSSL, whose objects are not made for several threads.
def test_many_writers():
    if sys.implementation.name == "cpython":
        return
    server, client = pair()
    with server, client:
        def write(letter):
            for _ in range(40):
                client.sendall(letter * 20_000)
        threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
        for t in threads:
            t.start()
        counts, left = dict.fromkeys(b"abc", 0), 3 * 40 * 20_000
        while left:
            data = server.recv(100_000)
            left -= len(data)
            for letter in counts:
                counts[letter] += data.count(letter)
        for t in threads:
            t.join()
        assert set(counts.values()) == {40 * 20_000}


def test_timeouts():
    server, client = pair()
    with server, client:
        client.settimeout(0.05)
        assert str(raises(TimeoutError, client.recv, 1)) == "The read operation timed out"
        assert str(raises(TimeoutError, client.sendall, bytes(30_000_000))) == "The write operation timed out"
        server.setblocking(False)
        client.setblocking(False)
    a, b = socket.socketpair()
    with a, b:
        b.settimeout(0.05)
        error = raises(TimeoutError, client_context().wrap_socket, b, server_hostname="localhost")
        assert "handshake operation timed out" in str(error)
    server, client = pair()
    with server, client:
        client.setblocking(False)
        error = raises(ssl.SSLWantReadError, client.recv, 1)
        assert error.errno == ssl.SSL_ERROR_WANT_READ and error.reason is None


def test_ends():
    server, client = pair()
    with server, client:
        server.close()
        assert client.recv(1) == b""
    # Reset while there is data that nobody read.
    server, client = pair(suppress_ragged_eofs=False)
    with server, client:
        client.sendall(b"x")
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        raises((ssl.SSLEOFError, OSError), client.sendall, bytes(1000))
    a, b = socket.socketpair()
    with a:
        a.sendall(b"GET / HTTP/1.0\r\n\r\n")
        error = raises(ssl.SSLError, server_context().wrap_socket, b, server_side=True)
        assert (error.reason, error.library) == ("HTTP_REQUEST", "SSL"), error


def handshake(client, server, links):
    """Steps of a handshake over memory."""
    for _ in range(20):
        done = 0
        for end in (client, server):
            try:
                end.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
            for source, target in links:
                target.write(source.read())
        if done == 2:
            return
    raise AssertionError


def memory_pair(server, client, hostname="localhost"):
    bios = [ssl.MemoryBIO() for _ in range(4)]
    c = client.wrap_bio(bios[0], bios[1], server_hostname=hostname)
    s = server.wrap_bio(bios[2], bios[3], server_side=True)
    links = [(bios[1], bios[2]), (bios[3], bios[0])]
    handshake(c, s, links)
    return c, s, bios


def test_memory():
    c, s, bios = memory_pair(server_context(), client_context())
    assert c.write(b"over memory") == 11
    bios[2].write(bios[1].read())
    assert s.read() == b"over memory"
    raises(ssl.SSLWantReadError, s.read)
    bios[2].write_eof()
    assert bios[2].eof and bios[2].pending == 0
    assert s.read() == b""
    raises(ssl.SSLError, bios[2].write, b"x")
    raises(TypeError, bios[0].write, "x")


def test_names_and_protocols():
    server, client, seen = server_context(), client_context(), []
    other = server_context()
    server.set_alpn_protocols(["http/1.1", "h2"])
    client.set_alpn_protocols(["h2", "http/1.1"])

    def choose(connection, name, context):
        seen.append((name, context is server, isinstance(connection, ssl.SSLObject)))
        connection.context = other
    server.sni_callback = choose
    c, s, _ = memory_pair(server, client)
    assert seen == [("localhost", True, True)] and s.context is other
    assert c.selected_alpn_protocol() is None   # the other context has none
    if sys.implementation.name != "cpython":
        # A callback may look at its connection, but not go on with it.
        server.sni_callback = lambda connection, *args: seen.append((connection.version(), raises(RuntimeError, connection.read)))
        memory_pair(server, client)
        assert seen[-1][0] is None
    server.sni_callback = None
    c, s, _ = memory_pair(server, client)
    assert c.selected_alpn_protocol() == s.selected_alpn_protocol() == "http/1.1"
    server.sni_callback = lambda *args: ssl.ALERT_DESCRIPTION_ACCESS_DENIED
    error = raises(ssl.SSLError, memory_pair, server, client)
    assert error.reason == "CALLBACK_FAILED", error
    error = raises(ssl.SSLCertVerificationError, memory_pair, server_context(), client, "elsewhere.org")
    assert "Hostname mismatch, certificate is not valid for 'elsewhere.org'." in str(error)


def test_sessions():
    server, client = server_context(), client_context()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    c, s, _ = memory_pair(server, client)
    session = c.session
    assert session.has_ticket and session.timeout > 0 and session == c.session and not c.session_reused
    bios = [ssl.MemoryBIO() for _ in range(4)]
    again = client.wrap_bio(bios[0], bios[1], server_hostname="localhost", session=session)
    s = server.wrap_bio(bios[2], bios[3], server_side=True)
    handshake(again, s, [(bios[1], bios[2]), (bios[3], bios[0])])
    assert again.session_reused and again.get_channel_binding() == s.get_channel_binding() != None
    error = raises(ValueError, client_context().wrap_bio, ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x", session=session)
    assert str(error) == "Session refers to a different SSLContext."


# Contexts are changed while other threads shake hands with them.
def test_shared_context():
    if sys.implementation.name == "cpython":
        return
    server, client, errors = server_context(), client_context(), []
    deadline = time.monotonic() + 1

    def connect():
        try:
            while time.monotonic() < deadline:
                c, s, bios = memory_pair(server, client)
                c.write(b"x")
                bios[2].write(bios[1].read())
                assert s.read() == b"x"
        except Exception as error:
            errors.append(error)

    def change():
        while time.monotonic() < deadline:
            for context in (server, client):
                context.set_ciphers("ECDHE+AESGCM")
                context.set_ciphers("DEFAULT")
                context.set_alpn_protocols(["h2"])
                context.get_ca_certs()
            client.load_verify_locations(CERTIFICATE)
            server.sni_callback = lambda *args: None
            server.sni_callback = None
    threads = [threading.Thread(target=connect), threading.Thread(target=connect), threading.Thread(target=change)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors


def test_settings():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED
    error = raises(ValueError, setattr, context, "verify_mode", ssl.CERT_NONE)
    assert str(error) == "Cannot set verify_mode to CERT_NONE when check_hostname is enabled."
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    raises(ValueError, setattr, context, "minimum_version", 5)
    context.set_ciphers("ECDHE+AESGCM")
    assert all("AES" in c["name"] or "CHACHA" in c["name"] for c in context.get_ciphers())
    assert str(raises(ssl.SSLError, context.set_ciphers, "nothing")) == "('No cipher can be selected.',)"
    raises(TypeError, context.load_cert_chain, None)
    raises(FileNotFoundError, context.load_cert_chain, "/nowhere")
    error = raises(ssl.SSLError, context.load_verify_locations, __file__)
    assert error.reason == "NO_CERTIFICATE_OR_CRL_FOUND" and error.library == "X509"
    assert str(raises(TypeError, context.load_verify_locations)) == "cafile, capath and cadata cannot be all omitted"
    assert str(raises(ValueError, ssl.SSLContext, 99)) == "invalid or unsupported protocol version 99"
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        ssl.SSLContext(ssl.PROTOCOL_TLS)
        context.options |= ssl.OP_NO_TLSv1_2
    assert [str(w.message) for w in seen] == ["ssl.PROTOCOL_TLS is deprecated",
                                              "ssl.OP_NO_SSL*/ssl.OP_NO_TLS* options are deprecated"]
    raises(ValueError, context.wrap_bio, ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=".x")
    assert len(ssl.RAND_bytes(9)) == 9
    assert ssl._txt2obj("1.3.6.1.5.5.7.3.1") == (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1")


def test_errors():
    assert str(ssl.SSLError(1, "text")) == "text" and str(ssl.SSLError("x")) == "('x',)"
    assert issubclass(ssl.SSLEOFError, ssl.SSLError) and issubclass(ssl.SSLError, OSError)
    # An object whose socket is gone, and one that never connected.
    c = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x")
    raises(ssl.SSLWantReadError, c.do_handshake)
    assert c.version() is None and c.cipher() is None
    assert str(raises(ValueError, c.getpeercert)) == "handshake not done yet"
    raises(ssl.SSLError, c.unwrap)
    raises(ValueError, c.get_channel_binding, "other")
    raises(TypeError, c.write, "text")
    raises(TypeError, c._sslobj.read, 1, b"read-only")
    raises(ValueError, c._sslobj.read, -1)


for name, test in sorted(globals().copy().items()):
    if name.startswith("test_") and (CERTIFICATE or name in ("test_settings", "test_errors")):
        test()
