def describe(command):
    match command:
        case 0 | 1 | -1:
            return 'small'
        case None:
            return 'nothing'
        case 'go' as word if word:
            return word
        case Color.RED:
            return 'red'
        case x:
            return x
