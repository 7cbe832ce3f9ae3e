package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// judge watches what a course's objects become, says `watching` once it sees everything, and at the end writes when each
// object was ready first, in nanoseconds of the wall clock, by its place. It ends when all are, when its standard input
// ends, or after -timeout.
func judge(flags *flag.FlagSet, arguments []string) error {
	server := serverFlags(flags, "bench-judge")
	folder := courseFlag(flags)
	timeout := flags.Duration("timeout", 5*time.Minute, "when to stop waiting")
	flags.Parse(arguments)
	course, err := readCourse(*folder)
	if err != nil {
		return err
	}
	client, err := server.client(false, 16)
	if err != nil {
		return err
	}
	wanted := map[string]map[string]int{}
	left := 0
	for place := range course.Objects {
		object := &course.Objects[place]
		if object.Path == "" || rules[object.Kind] == nil {
			continue
		}
		if wanted[object.Collection] == nil {
			wanted[object.Collection] = map[string]int{}
		}
		wanted[object.Collection][key(object.Namespace, object.Name)] = place
		left++
	}
	type stamp struct {
		place int
		at    int64
	}
	stamps := make(chan stamp, 1024)
	for collection, places := range wanted {
		err := server.watch(client, collection, func(seen Seen) {
			at := time.Now().UnixNano()
			place, ours := places[key(seen.Object.Metadata.Namespace, seen.Object.Metadata.Name)]
			if ours && seen.Type != "DELETED" && rules[course.Objects[place].Kind](&seen.Object) {
				stamps <- stamp{place, at}
			}
		})
		if err != nil {
			return err
		}
	}
	over := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(over)
	}()
	fmt.Println("watching")
	ready := map[int]int64{}
	deadline := time.After(*timeout)
	for waiting := true; waiting && len(ready) < left; {
		select {
		case one := <-stamps:
			if _, known := ready[one.place]; !known {
				ready[one.place] = one.at
			}
		case <-over:
			waiting = false
		case <-deadline:
			waiting = false
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"ready": ready, "missing": left - len(ready)})
}
