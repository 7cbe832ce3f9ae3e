package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// marker is the file that tells a volume that was initialised from an empty one.
const marker = ".initialised"

// lookAgain is how often a database looks whether its volume has data by now.
const lookAgain = 200 * time.Millisecond

var keyPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// runDatabase keeps small values on a volume, one file for each. Like a real database it refuses connections until
// somebody has initialised the volume, and asks for the credentials that it was given.
func runDatabase(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return coded{2, "db needs one of init, ready, serve"}
	}
	flags := flag.NewFlagSet("db "+arguments[0], flag.ContinueOnError)
	directory := flags.String("dir", "/var/lib/db", "the folder on the volume")
	listen := flags.String("listen", ":5432", "address")
	config := flags.String("config", "", "a file that has to be there")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	switch arguments[0] {
	case "init":
		return initialise(*directory)
	case "ready":
		_, _, err := call(ctx, http.MethodGet, "http://localhost"+*listen+"/readyz", "")
		return err
	case "serve":
		return serveDatabase(ctx, *directory, *listen, *config)
	}
	return coded{2, fmt.Sprintf("db does not know %q", arguments[0])}
}

// initialise makes an empty database, and leaves one that is there alone.
func initialise(directory string) error {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	if hasData(directory) {
		log.Printf("%s has data already", directory)
		return nil
	}
	log.Printf("initialises %s", directory)
	return replaceFile(filepath.Join(directory, marker), []byte(time.Now().UTC().Format(time.RFC3339)))
}

func hasData(directory string) bool {
	_, err := os.Stat(filepath.Join(directory, marker))
	return err == nil
}

func serveDatabase(ctx context.Context, directory, listen, config string) error {
	if config != "" {
		if _, err := os.Stat(config); err != nil {
			return err
		}
	}
	for waiting := false; !hasData(directory); sleep(ctx, lookAgain) {
		if ctx.Err() != nil {
			return nil
		}
		if !waiting {
			log.Printf("refuses connections until %s has data", directory)
			waiting = true
		}
	}
	store := database{directory, os.Getenv(userVariable), os.Getenv(passwordVariable)}
	return serve(ctx, listen, store.handler(), nil)
}

type database struct{ directory, user, password string }

func (d database) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", answerOK)
	mux.HandleFunc("/readyz", answerOK)
	mux.HandleFunc("GET /values/{key}", d.guarded(d.read))
	mux.HandleFunc("PUT /values/{key}", d.guarded(d.write))
	mux.HandleFunc("GET /dump", d.guarded(d.dump))
	return mux
}

func (d database) guarded(inner http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		known := subtle.ConstantTimeCompare([]byte(user+":"+password), []byte(d.user+":"+d.password)) == 1
		if d.user != "" && !known {
			http.Error(w, "wrong user or password", http.StatusUnauthorized)
			return
		}
		if key := r.PathValue("key"); key != "" && !keyPattern.MatchString(key) {
			http.Error(w, "not a key: "+key, http.StatusBadRequest)
			return
		}
		inner(w, r)
	}
}

func (d database) read(w http.ResponseWriter, r *http.Request) {
	value, err := os.ReadFile(filepath.Join(d.directory, r.PathValue("key")))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.Error(w, "no such key", http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		_, _ = w.Write(value)
	}
}

func (d database) write(w http.ResponseWriter, r *http.Request) {
	value, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	if err == nil {
		err = replaceFile(filepath.Join(d.directory, r.PathValue("key")), value)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	log.Printf("keeps %s", r.PathValue("key"))
	w.WriteHeader(http.StatusNoContent)
}

func (d database) dump(w http.ResponseWriter, _ *http.Request) {
	values := map[string]string{}
	entries, err := os.ReadDir(d.directory)
	for _, entry := range entries {
		if !keyPattern.MatchString(entry.Name()) {
			continue
		}
		var value []byte
		if value, err = os.ReadFile(filepath.Join(d.directory, entry.Name())); err != nil {
			break
		}
		values[entry.Name()] = string(value)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(values)
}

// replaceFile writes a file that is whole after a crash, old or new.
func replaceFile(path string, data []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	defer draft.Close()
	if _, err := draft.Write(data); err != nil {
		return err
	}
	if err := draft.Sync(); err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
