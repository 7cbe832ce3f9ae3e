// Command bench is the native half of the benchmark of the engine. It uses Go's standard library and nothing of
// rebuild:
//
//	bench write    the oracle: sends a course as fast as the API server takes it, each object when its gates open
//	bench judge    stamps when objects become ready, by watches of its own
//	bench stage    makes Works ready after the time that they ask for, and answers admission reviews
//	bench clean    takes a course's objects away again
//	bench launch   runs a program and tells what it cost
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	commands := map[string]func(*flag.FlagSet, []string) error{
		"write": write, "judge": judge, "stage": stage, "clean": clean, "launch": launch,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench write|judge|stage|clean|launch [flags]")
		os.Exit(2)
	}
	name := os.Args[1]
	if err := commands[name](flag.NewFlagSet(name, flag.ExitOnError), os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench %s: %v\n", name, err)
		os.Exit(1)
	}
}
