"""TLS: one connection whose two directions many threads write and read, while others ask about it; a context that changes
while handshakes start from it."""

import os
import socket
import ssl

import common

FOLDERS = "/usr/lib/python3.11/test/certdata", "/usr/lib/python3.11/test"
CERTIFICATE = next((path for path in (os.path.join(folder, "keycert.pem") for folder in FOLDERS) if os.path.exists(path)), None)
MESSAGE = 500
MESSAGES = 20


def contexts():
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=CERTIFICATE)
    server.load_cert_chain(CERTIFICATE)
    return server, client


def connect(server, client):
    """Both ends, after a handshake over memory, and what carries their bytes."""
    to_client, from_client, to_server, from_server = (ssl.MemoryBIO() for _ in range(4))
    ends = (client.wrap_bio(to_client, from_client, server_hostname="localhost"),
            server.wrap_bio(to_server, from_server, server_side=True))
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            to_server.write(from_client.read())
            to_client.write(from_server.read())
    return ends


def one_connection(n):
    server, client = contexts()
    raw = socket.socketpair()
    sockets = [None, None]

    def shake(index):
        sockets[index] = (server, client)[index].wrap_socket(raw[index], server_side=index == 0,
                                                            server_hostname=None if index == 0 else "localhost")

    common.run_threads(shake, 2)
    writers = max(1, common.THREADS // 2)

    def use(index):
        sender = sockets[index % 2]
        for i in range(MESSAGES):
            sender.sendall(bytes([65 + index // 2]) * MESSAGE)
            common.equal(sender.version(), "TLSv1.3", "version")
            sender.session, sender.cipher(), sender.pending()

    def read(index):
        counts = {}
        left = writers * MESSAGES * MESSAGE
        while left and not common.failed():
            data = sockets[index % 2].recv(5000)
            left -= len(data)
            for letter in set(data):
                counts[letter] = counts.get(letter, 0) + data.count(letter)
        common.equal(set(counts.values()), {MESSAGES * MESSAGE}, "bytes of each writer")

    common.run_threads(use, 2 * writers, extra=[lambda _: read(0), lambda _: read(1)])
    for end in sockets:
        end.close()


def one_context(n):
    server, client = contexts()

    def handshakes(index):
        for i in range(3):
            a, b = connect(server, client)
            common.equal(a.version(), "TLSv1.3", "version")
            common.equal(a.cipher(), b.cipher(), "cipher")

    def change(index):
        for i in range(10):
            for context in server, client:
                context.set_ciphers("ECDHE+AESGCM" if i % 2 else "DEFAULT")
                context.set_alpn_protocols(["h2", "http/1.1"])
            server.sni_callback = (lambda *arguments: None) if i % 2 else None
            client.load_verify_locations(CERTIFICATE)
            client.get_ca_certs(), client.get_ciphers()
            common.equal(client.cert_store_stats()["x509"], 1, "certificates")

    common.run_threads(handshakes, extra=[change])


def body(n):
    one_connection(n)
    one_context(n)


common.main(lambda: common.phases(body) if CERTIFICATE else None)
