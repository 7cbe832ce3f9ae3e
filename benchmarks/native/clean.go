package main

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	slots     = 16
	pollPause = 30 * time.Millisecond
	atOnce    = "?gracePeriodSeconds=0&propagationPolicy=Background"
)

// first are collections whose objects get in the way of deleting others, and last are those that others need to be
// deleted.
var (
	first = []string{
		"/apis/apiregistration.k8s.io/v1/apiservices",
		"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
		"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
	}
	namespaces = "/api/v1/namespaces"
	made       = []string{"/apis/apps/v1/replicasets", "/api/v1/pods"} // by controllers, for workloads
	noted      = []string{                                             // by peers, about what they applied
		"/api/v1/namespaces/default/configmaps?labelSelector=cli-utils.sigs.k8s.io/inventory-id",
		"/api/v1/namespaces/default/secrets?labelSelector=owner=helm",
	}
)

// clean deletes a course's objects and returns when they are gone. A cluster without them is clean.
func clean(flags *flag.FlagSet, arguments []string) error {
	server := serverFlags(flags, "bench-clean")
	folder := courseFlag(flags)
	timeout := flags.Duration("timeout", 2*time.Minute, "when to give up")
	flags.Parse(arguments)
	course, err := readCourse(*folder)
	if err != nil {
		return err
	}
	client, err := server.client(false, slots)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(*timeout)
	var before, homes, after []string
	collections, workloads := map[string]bool{}, map[string]bool{}
	for place := range course.Objects {
		object := &course.Objects[place]
		switch {
		case object.Path == "":
		case contains(first, object.Collection):
			before = append(before, object.Path)
		case object.Collection == namespaces:
			homes = append(homes, object.Path)
		case object.Namespace == "":
			after = append(after, object.Path)
		default:
			collections[strings.TrimSuffix(object.Path, "/"+object.Name)] = true
			if strings.HasPrefix(object.Collection, "/apis/apps/") || strings.HasPrefix(object.Collection, "/apis/batch/") {
				workloads[object.Namespace] = true
			}
		}
	}
	steps := [][]string{before, names(collections)}
	for _, collection := range made {
		root, plural := collection[:strings.LastIndex(collection, "/")], collection[strings.LastIndex(collection, "/"):]
		var step []string
		for namespace := range workloads {
			step = append(step, root+"/namespaces/"+namespace+plural)
		}
		steps = append(steps, step)
	}
	steps = append(steps, homes, after, noted)
	for _, step := range steps {
		if err := server.each(client, step, deadline, server.remove); err != nil {
			return err
		}
	}
	return server.each(client, append(append(before, homes...), after...), deadline, server.gone)
}

func (server *Server) remove(client *http.Client, path string, deadline time.Time) error {
	query := atOnce
	if strings.Contains(path, "?") {
		query = ""
	}
	for {
		status, answer, err := server.send(client, "DELETE", path+query, "", nil)
		if err == nil && (status < 300 || status == http.StatusNotFound || status == http.StatusConflict ||
			status == http.StatusMethodNotAllowed) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("DELETE %s: %d %s %v", path, status, answer, err)
		}
		time.Sleep(pollPause)
	}
}

func (server *Server) gone(client *http.Client, path string, deadline time.Time) error {
	for {
		status, _, err := server.send(client, "GET", path, "", nil)
		if err == nil && status == http.StatusNotFound {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is still there", path)
		}
		time.Sleep(pollPause)
	}
}

// each does the same to all paths, several at once, and returns the first error.
func (server *Server) each(
	client *http.Client, paths []string, deadline time.Time, do func(*http.Client, string, time.Time) error,
) error {
	queue := make(chan string, len(paths))
	for _, path := range paths {
		queue <- path
	}
	close(queue)
	errors := make(chan error, len(paths))
	var workers sync.WaitGroup
	for range slots {
		workers.Go(func() {
			for path := range queue {
				if err := do(client, path, deadline); err != nil {
					errors <- err
				}
			}
		})
	}
	workers.Wait()
	close(errors)
	return <-errors
}

func contains(list []string, wanted string) bool {
	for _, each := range list {
		if each == wanted {
			return true
		}
	}
	return false
}

func names(set map[string]bool) []string {
	var list []string
	for name := range set {
		list = append(list, name)
	}
	return list
}
