def read(stream, chunk):
    while (block := stream.read(chunk)) and block != b'':
        print(block, (chunk := len(block)), chunk)
    return block + (block := stream)
