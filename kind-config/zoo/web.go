package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// web is an HTTP service that takes its time to start, and whose readiness can be switched from outside.
type web struct {
	started  atomic.Bool
	willing  atomic.Bool
	settings settings
}

// settings is what a web shows of itself: names, and never a value, since some of them are Secrets'.
type settings struct {
	Host        string              `json:"host"`
	Arguments   []string            `json:"arguments"`
	Environment []string            `json:"environment"`
	Files       map[string][]string `json:"files"`
}

func runWeb(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("web", flag.ContinueOnError)
	listen := flags.String("listen", ":8080", "addresses, separated by commas")
	delay := flags.Duration("start-delay", 0, "how long every answer is 503 after the start")
	show := flags.String("show", "", "folders whose file names /config shows, separated by commas")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	service := newWeb(observe(arguments, *show))
	time.AfterFunc(*delay, func() {
		log.Print("started")
		service.started.Store(true)
	})
	go func() {
		<-ctx.Done()
		service.willing.Store(false)
	}()
	return serve(ctx, *listen, service.handler(), nil)
}

func newWeb(settings settings) *web {
	service := &web{settings: settings}
	service.willing.Store(true)
	return service
}

func (s *web) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", s.onceStarted(answerOK))
	mux.HandleFunc("/readyz", s.onceStarted(s.answerReady))
	mux.HandleFunc("POST /ready", s.onceStarted(s.switchReady))
	mux.HandleFunc("PUT /ready", s.onceStarted(s.switchReady))
	mux.HandleFunc("/config", s.onceStarted(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.settings)
	}))
	mux.HandleFunc("/", s.onceStarted(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "hello from %s\n", s.settings.Host)
	}))
	return mux
}

func (s *web) onceStarted(inner http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.started.Load() {
			http.Error(w, "still starting", http.StatusServiceUnavailable)
			return
		}
		inner(w, r)
	}
}

func (s *web) answerReady(w http.ResponseWriter, r *http.Request) {
	if !s.willing.Load() {
		http.Error(w, "switched off", http.StatusServiceUnavailable)
		return
	}
	answerOK(w, r)
}

func (s *web) switchReady(w http.ResponseWriter, r *http.Request) {
	on, err := strconv.ParseBool(r.URL.Query().Get("on"))
	if err != nil {
		http.Error(w, "say ?on=true or ?on=false", http.StatusBadRequest)
		return
	}
	s.willing.Store(on)
	log.Printf("readiness is switched to %t", on)
	answerOK(w, r)
}

// observe reads what the Pod was given.
func observe(arguments []string, folders string) settings {
	seen := settings{Arguments: arguments, Files: map[string][]string{}}
	seen.Host, _ = os.Hostname()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		seen.Environment = append(seen.Environment, name)
	}
	slices.Sort(seen.Environment)
	for folder := range strings.SplitSeq(folders, ",") {
		if folder != "" {
			seen.Files[folder] = fileNames(folder)
		}
	}
	return seen
}

// fileNames is what a mounted ConfigMap or Secret holds. The kubelet's own links begin with two dots.
func fileNames(folder string) []string {
	names := []string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		log.Print(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "..") {
			names = append(names, filepath.Base(entry.Name()))
		}
	}
	return names
}
