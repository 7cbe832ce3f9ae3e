package main

import (
	"container/heap"
	"flag"
	"fmt"
	"net/http"
	"time"
)

const (
	retryPause = 5 * time.Millisecond
	retries    = 400
)

// queue holds what may leave: the longest tail first, then in the order of the course.
type queue struct {
	course *Course
	places []int
}

func (q *queue) Len() int { return len(q.places) }
func (q *queue) Less(a, b int) bool {
	one, other := q.places[a], q.places[b]
	if x, y := q.course.Objects[one].Tail, q.course.Objects[other].Tail; x != y {
		return x > y
	}
	return one < other
}
func (q *queue) Swap(a, b int) { q.places[a], q.places[b] = q.places[b], q.places[a] }
func (q *queue) Push(x any)    { q.places = append(q.places, x.(int)) }
func (q *queue) Pop() any {
	last := q.places[len(q.places)-1]
	q.places = q.places[:len(q.places)-1]
	return last
}

// news is one thing that opens gates: an object was accepted, or is ready.
type news struct {
	place int
	until string
	err   error
}

// write sends a course: every object in the moment its gates open, so many at once, the longest tail first.
func write(flags *flag.FlagSet, arguments []string) error {
	server := serverFlags(flags, "bench-oracle")
	folder := courseFlag(flags)
	slots := flags.Int("slots", 16, "writes under way at once")
	http2 := flags.Bool("http2", false, "send over one connection of HTTP/2 in place of one of HTTP/1.1 for each slot")
	query := flags.String("query", "", "what to add to each path")
	flags.Parse(arguments)
	course, err := readCourse(*folder)
	if err != nil {
		return err
	}
	told := make(chan news, 1024)
	if err := follow(server, course, told); err != nil {
		return err
	}
	client, err := server.client(*http2, *slots)
	if err != nil {
		return err
	}
	work := make(chan int)
	for range *slots {
		go func() {
			for place := range work {
				object := &course.Objects[place]
				told <- news{place, "exists", server.apply(client, object.Path+*query, course.body(object))}
			}
		}()
	}
	return course.run(work, told)
}

// apply sends one object, again where the API server has not caught up with what came before it.
func (server *Server) apply(client *http.Client, path string, body []byte) error {
	for attempt := 0; ; attempt++ {
		status, answer, err := server.send(client, "PATCH", path, "application/apply-patch+yaml", body)
		if err == nil && status < 300 {
			return nil
		}
		if attempt == retries || status == http.StatusBadRequest || status == http.StatusUnprocessableEntity {
			return fmt.Errorf("%s: %d %s %v", path, status, answer, err)
		}
		time.Sleep(retryPause)
	}
}

// follow watches every kind that somebody waits for by more than its existence.
func follow(server *Server, course *Course, told chan<- news) error {
	wanted := map[string]map[string]int{}
	for place := range course.Objects {
		for _, wait := range course.Objects[place].Waits {
			on := &course.Objects[wait.On]
			if wait.Until == "exists" || on.Path == "" || rules[on.Kind] == nil {
				continue
			}
			if wanted[on.Collection] == nil {
				wanted[on.Collection] = map[string]int{}
			}
			wanted[on.Collection][key(on.Namespace, on.Name)] = wait.On
		}
	}
	client, err := server.client(false, len(wanted)+1)
	if err != nil {
		return err
	}
	for collection, places := range wanted {
		ready := map[string]bool{}
		err := server.watch(client, collection, func(seen Seen) {
			name := key(seen.Object.Metadata.Namespace, seen.Object.Metadata.Name)
			place, ours := places[name]
			if ours && !ready[name] && rules[course.Objects[place].Kind](&seen.Object) {
				ready[name] = true
				told <- news{place, "ready", nil}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// run lets objects leave until all of them have been accepted.
func (course *Course) run(work chan<- int, told <-chan news) error {
	closed := make([]int, len(course.Objects))
	exists := make([][]int, len(course.Objects))
	ready := make([][]int, len(course.Objects))
	free := &queue{course: course}
	left := 0
	var open func(int, [][]int)
	release := func(place int) {
		if course.Objects[place].Path == "" {
			open(place, exists)
			open(place, ready)
		} else {
			heap.Push(free, place)
		}
	}
	open = func(place int, gates [][]int) {
		for _, dependent := range gates[place] {
			if closed[dependent]--; closed[dependent] == 0 {
				release(dependent)
			}
		}
		gates[place] = nil
	}
	for place := range course.Objects {
		object := &course.Objects[place]
		if object.Path != "" {
			left++
		}
		closed[place] = len(object.Waits)
		for _, wait := range object.Waits {
			gates := ready
			if wait.Until == "exists" {
				gates = exists
			}
			gates[wait.On] = append(gates[wait.On], place)
		}
	}
	for place := range course.Objects {
		if len(course.Objects[place].Waits) == 0 {
			release(place)
		}
	}
	for left > 0 {
		var out chan<- int
		next := 0
		if free.Len() > 0 {
			out, next = work, free.places[0]
		}
		select {
		case out <- next:
			heap.Pop(free)
		case it := <-told:
			if it.err != nil {
				return it.err
			}
			if it.until == "exists" {
				left--
				open(it.place, exists)
				if rules[course.Objects[it.place].Kind] == nil {
					open(it.place, ready)
				}
			} else {
				open(it.place, ready)
			}
		}
	}
	return nil
}
