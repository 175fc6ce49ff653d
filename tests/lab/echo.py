"""Connections that stay open. "serve PORT" echoes what comes. "ask ADDRESS PORT N" opens N of them; with each line of its standard input it asks on every
one, and prints how many have answered."""
import asyncio
import socket
import sys


async def echo(reader, writer):
    while b := await reader.read(64):
        writer.write(b)


async def serve(port):
    server = await asyncio.start_server(echo, '', port, backlog=512)
    await server.serve_forever()


def answered(s):
    try:
        s.sendall(b'?')
        return s.recv(64) == b'?'
    except OSError:
        return False


def ask(address, port, n):
    connections = [socket.create_connection((address, port), 30) for _ in range(n)]
    for _ in sys.stdin:
        print(sum([answered(s) for s in connections]), flush=True)


if sys.argv[1] == 'serve':
    asyncio.run(serve(int(sys.argv[2])))
else:
    ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
