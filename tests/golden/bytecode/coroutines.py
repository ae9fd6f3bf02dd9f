async def serve(server, manager):
    async with manager as m:
        async for client in server:
            await client.send(m)
    return [x async for x in server if await x]


async def ticks(n):
    for i in range(n):
        yield i
