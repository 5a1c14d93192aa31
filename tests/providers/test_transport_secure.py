"""Lines over HTTPS: whom they trust, and that nothing is lost on them."""

import datetime
import ipaddress
import ssl

import httpx2
import pytest

from .sockets import (
    CHUNKED,
    MANY,
    UNTIL_END,
    answer,
    asking,
    chunk,
    echoes,
    has_places,
    looped,
    opened,
    serving,
    settle,
    slowly,
)


def certificate(folder, name):
    """(path of a certificate that signs itself, the server's side of it)."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)]
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        signed.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("certificates"), "127.0.0.1")


@pytest.fixture
def secure(ours, monkeypatch):
    """The server's side of a certificate that is trusted."""
    path, context = ours
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return context


@looped
async def test_a_certificate_that_nobody_signed_is_a_connect_error(ours, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with serving(ssl=ours[1]) as server, asking(most=1) as client:
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
            await client.get(server.secure_url)
        assert server.peers == []
        await has_places(client)


@looped
async def test_a_certificate_is_for_its_name_and_for_no_other(tmp_path, monkeypatch):
    path, context = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with serving(echoes, ssl=context) as server, asking(most=1) as client:
        assert (await client.get(f"https://localhost:{server.port}/x")).text == "/x"
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
            await client.get(server.secure_url)
        await has_places(client)


@looped
async def test_a_server_that_speaks_no_tls_is_a_connect_error():
    async def play(peer):
        await peer.reader.read(65536)
        peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.hang_up()

    async with serving(play) as server, asking(most=1) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(server.secure_url)
        await has_places(client)


@looped
async def test_a_trusted_certificate_works_and_the_line_is_used_again(secure):
    async def play(peer):
        while asked := await peer.asked():
            peer.say(answer(asked.body + str(asked.headers["host"]).encode()))

    async with serving(play, ssl=secure) as server, asking() as client:
        for _ in range(2):
            response = await client.post(server.secure_url, content=MANY)
            assert response.content == MANY + f"127.0.0.1:{server.port}".encode()
        assert len(server.peers) == 1


@looped
async def test_a_large_secure_download_to_a_slow_reader_arrives_whole(secure):
    async with serving(ssl=secure) as server, asking() as client:
        _, response = await opened(client, server, answer(MANY), url=server.secure_url)
        await settle()
        assert await slowly(response) == MANY


@looped
async def test_a_secure_download_that_nobody_reads_waits(secure):
    async with serving(ssl=secure) as server, asking() as client:
        peer, response = await opened(client, server, UNTIL_END, url=server.secure_url)
        for _ in range(6):
            peer.say(MANY)
        await settle(1000)
        peer.say(b"more")  # what came before it may be with the connection underneath
        assert peer.writer.transport.get_write_buffer_size() > 0, "all of it was read though nobody asked"
        await response.aclose()
        await peer.gone()


@pytest.mark.parametrize("secured", [False, True], ids=["http", "https"])
@looped
async def test_what_came_while_nobody_read_is_not_lost_when_the_server_hangs_up(request, secured):
    options = {"ssl": request.getfixturevalue("secure")} if secured else {}
    async with serving(**options) as server, asking() as client:
        url = server.secure_url if secured else server.url
        peer, response = await opened(client, server, CHUNKED, chunk(b"one "), url=url)
        await settle()
        peer.say(chunk(b"two"), b"0\r\n\r\n")
        await settle()
        peer.writer.transport.abort()
        await settle()
        assert await response.aread() == b"one two"


@looped
async def test_a_secure_server_that_hangs_up_as_soon_as_it_is_connected_is_an_error(secure):
    async def play(peer):
        peer.writer.close()

    async with serving(play, ssl=secure) as server, asking(most=1) as client:
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await client.post(server.secure_url, json={})
        await has_places(client)


@looped
async def test_a_secure_server_that_speaks_unasked_broke_the_protocol(secure):
    secure.maximum_version = ssl.TLSVersion.TLSv1_2  # there the server has the last word before the request

    async def play(peer):
        peer.say(b"220 ready\r\n")
        await peer.gone()

    try:
        async with serving(play, ssl=secure) as server, asking(most=1) as client:
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.post(server.secure_url, json={})
            await has_places(client)
    finally:
        secure.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
