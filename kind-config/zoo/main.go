// Command zoo is a handful of workloads in one static binary: what a drill on real nodes needs to see images start,
// probes pass, webhooks answer, volumes bind and things go wrong.
//
// It uses the standard library only, so that it builds in seconds without a network, and talks to the API server in
// plain HTTPS with its ServiceAccount's token.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// A program runs with the arguments after its name until it is done or the context ends.
type program func(ctx context.Context, arguments []string) error

var programs = map[string]program{
	"admission": runAdmission,
	"crash":     runCrash,
	"db":        runDatabase,
	"get":       runGet,
	"migrate":   runMigrate,
	"operator":  runOperator,
	"standin":   runStandin,
	"web":       runWeb,
}

// coded is an error that asks for an exit code of its own.
type coded struct {
	code    int
	message string
}

func (e coded) Error() string { return e.message }

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds | log.Lmsgprefix)
	log.SetPrefix("zoo: ")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(exitCode(run(ctx, os.Args[1:])))
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) > 0 {
		if animal, known := programs[arguments[0]]; known {
			return animal(ctx, arguments[1:])
		}
	}
	names := slices.Sorted(maps.Keys(programs))
	return coded{2, fmt.Sprintf("%q is not one of %s", arguments, strings.Join(names, ", "))}
}

func exitCode(err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	log.Print(err)
	var own coded
	if errors.As(err, &own) {
		return own.code
	}
	return 1
}
