package main

import (
	"context"
	"flag"
	"time"
)

// runCrash is the workload that does not stay: it says why, and exits.
func runCrash(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	after := flags.Duration("after", 0, "how long it runs before that")
	code := flags.Int("code", 1, "exit code")
	message := flags.String("message", "nothing works here", "what it says last")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	sleep(ctx, *after)
	return coded{*code, *message}
}

// sleep returns early when the context ends.
func sleep(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
