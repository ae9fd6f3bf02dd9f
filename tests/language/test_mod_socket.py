# _socket and what stands on it: socketserver, http, selectors, asyncio.
import asyncio
import errno
import http.client
import http.server
import json
import os
import selectors
import socket
import socketserver
import sys
import threading
import urllib.error
import urllib.request

from checks import raises


def test_pair():
    a, b = socket.socketpair()
    with a, b:
        a.sendall(b"hello")
        assert b.recv(3) == b"hel"
        buffer = bytearray(10)
        assert b.recv_into(buffer) == 2 and buffer[:2] == b"lo"
        a.sendmsg([b"a", b"bc"])
        assert b.recvmsg(10, 100) == (b"abc", [], 0, None)
        socket.send_fds(a, [b"x"], [0])
        data, fds, flags, address = socket.recv_fds(b, 10, 3)
        assert data == b"x" and len(fds) == 1
        os.close(fds[0])
        a.shutdown(socket.SHUT_WR)
        assert b.recv(1) == b""
    raises(OSError, a.send, b"x")
    assert a.fileno() == -1


def test_timeouts():
    a, b = socket.socketpair()
    with a, b:
        assert a.gettimeout() is None and a.getblocking()
        a.settimeout(0.05)
        assert str(raises(TimeoutError, a.recv, 1)) == "timed out"
        a.setblocking(False)
        assert a.gettimeout() == 0.0
        raises(BlockingIOError, a.recv, 1)
        raises(ValueError, a.settimeout, -1)
        raises(TypeError, a.settimeout, "1")
        assert repr(a).startswith("<socket.socket fd=%d, family=" % a.fileno())


def test_addresses():
    server = socket.create_server(("127.0.0.1", 0))
    with server:
        host, port = server.getsockname()
        assert host == "127.0.0.1" and port > 0
        with socket.create_connection(("localhost", port)) as client:
            peer, address = server.accept()
            with peer:
                assert address == client.getsockname() and client.getpeername() == (host, port)
    error = raises(ConnectionRefusedError, socket.create_connection, (host, port))
    assert error.errno == errno.ECONNREFUSED
    with socket.socket() as s:
        assert s.connect_ex((host, port)) == errno.ECONNREFUSED
        assert "AF_INET address must be tuple, not int" in str(raises(TypeError, s.connect, 5))
        assert str(raises(OverflowError, s.bind, ("", 70000))) == "bind(): port must be 0-65535."
        assert s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        assert s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
    assert socket.inet_ntoa(socket.inet_aton("1.2.3.4")) == "1.2.3.4"
    assert socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, "::1")) == "::1"
    assert socket.htons(1) == 256 and socket.ntohl(1) == 1 << 24
    assert str(raises(OSError, socket.inet_aton, "x")) == "illegal IP address string passed to inet_aton"
    info = socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
    assert info == [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]
    raises(socket.gaierror, socket.getaddrinfo, "127.0.0.1", "no such service")


def test_datagrams_and_unix():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as a, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as b:
        a.bind(("127.0.0.1", 0))
        assert b.sendto(b"hi", a.getsockname()) == 2
        data, address = a.recvfrom(10)
        assert data == b"hi" and address[0] == "127.0.0.1"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("\0ptpython-test-%d" % os.getpid())
        assert s.getsockname() == b"\0ptpython-test-%d" % os.getpid()


def test_echo_threads():
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(line.upper())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        answers = []

        def client(n):
            with socket.create_connection(server.server_address) as s, s.makefile("rwb") as f:
                for i in range(20):
                    f.write(b"line %d of %d\n" % (i, n))
                    f.flush()
                    answers.append(f.readline() == b"LINE %d OF %d\n" % (i, n))

        clients = [threading.Thread(target=client, args=(n,)) for n in range(4)]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        server.shutdown()
        thread.join()
    assert answers == [True] * 80


def test_http():
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/missing":
                return self.send_error(404)
            body = json.dumps({"path": self.path}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))[::-1]
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        base = "http://127.0.0.1:%d" % server.server_port
        try:
            with urllib.request.urlopen(base + "/a?b=c") as answer:
                assert json.load(answer) == {"path": "/a?b=c"}
            with urllib.request.urlopen(base + "/p", data=b"12345") as answer:
                assert (answer.status, answer.read()) == (201, b"54321")
            error = raises(urllib.error.HTTPError, urllib.request.urlopen, base + "/missing")
            assert error.code == 404
            error.close()
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
            for i in range(3):
                connection.request("GET", "/%d" % i)
                assert connection.getresponse().read() == b'{"path": "/%d"}' % i
            connection.close()
        finally:
            server.shutdown()
            thread.join()


def test_selectors():
    with selectors.DefaultSelector() as selector:
        a, b = socket.socketpair()
        with a, b:
            selector.register(a, selectors.EVENT_READ, "mine")
            assert selector.select(0) == []
            b.send(b"x")
            [(key, events)] = selector.select(1)
            assert key.data == "mine" and events == selectors.EVENT_READ


def test_asyncio():
    async def wait(n):
        await asyncio.sleep(0.005 * (3 - n))
        return n

    async def main():
        assert await asyncio.gather(*(wait(n) for n in range(3))) == [0, 1, 2]

        async def handle(reader, writer):
            while line := await reader.readline():
                writer.write(line.upper())
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def client(n):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello %d\n" % n)
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return line

        assert await asyncio.gather(*(client(n) for n in range(5))) == [b"HELLO %d\n" % n for n in range(5)]
        server.close()
        await server.wait_closed()
        try:
            await asyncio.wait_for(asyncio.sleep(10), 0.01)
        except asyncio.TimeoutError:
            pass
        else:
            raise AssertionError("no timeout")
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(42)", stdout=asyncio.subprocess.PIPE)
        assert await child.communicate() == (b"42\n", None) and child.returncode == 0
        assert await asyncio.to_thread(lambda: 5) == 5
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(wait(n)) for n in (1, 2)]
        assert [t.result() for t in tasks] == [1, 2]
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(10)
        except TimeoutError:
            pass
        else:
            raise AssertionError("no timeout")

    asyncio.run(main())


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
