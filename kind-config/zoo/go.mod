module rebuild.dev/zoo

go 1.24
