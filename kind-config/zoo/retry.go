package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"time"
)

// patience is how often something is tried.
type patience struct {
	tries int
	pause time.Duration
}

// flagsIn adds the flags that set it.
func (p *patience) flagsIn(flags *flag.FlagSet) {
	flags.IntVar(&p.tries, "tries", 60, "how often it is tried")
	flags.DurationVar(&p.pause, "pause", time.Second, "how long it waits in between")
}

// final marks an error that no further try can cure.
type final struct{ error }

func (e final) Unwrap() error { return e.error }

// until calls do until it succeeds, fails for good, has been tried often enough, or the context ends.
func (p patience) until(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		var last final
		switch {
		case err == nil:
			return nil
		case errors.As(err, &last):
			return last.error
		case try >= p.tries:
			return fmt.Errorf("gave up after %d tries: %w", try, err)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		log.Printf("try %d of %d: %v", try, p.tries, err)
		sleep(ctx, p.pause)
	}
}
