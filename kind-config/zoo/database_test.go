package main

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestADatabaseKeepsWhatItWasToldAcrossRestarts(t *testing.T) {
	store := database{directory: t.TempDir()}
	if code, _ := ask(store.handler(), "PUT", "/values/colour", "green"); code != 204 {
		t.Fatalf("a write is answered with %d", code)
	}
	again := database{directory: store.directory}
	if code, body := ask(again.handler(), "GET", "/values/colour", ""); code != 200 || body != "green" {
		t.Errorf("%d %q", code, body)
	}
	if _, body := ask(again.handler(), "GET", "/dump", ""); strings.TrimSpace(body) != `{"colour":"green"}` {
		t.Errorf("the dump is %s", body)
	}
	expect(t, again.handler(), "GET", "/values/size", 404)
	expect(t, again.handler(), "GET", "/values/.initialised", 400)
}

func TestADatabaseAsksForItsCredentials(t *testing.T) {
	store := database{t.TempDir(), "shop", "right"}
	expect(t, store.handler(), "GET", "/dump", 401)
	expect(t, store.handler(), "GET", "/readyz", 200)
	server := httptest.NewServer(store.handler())
	defer server.Close()
	t.Setenv(userVariable, "shop")
	t.Setenv(passwordVariable, "right")
	if _, _, err := call(t.Context(), "GET", server.URL+"/dump", ""); err != nil {
		t.Error(err)
	}
}

func TestInitialisingLeavesDataAlone(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	if err := initialise(directory); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(directory, marker))
	if err := os.WriteFile(filepath.Join(directory, "schema"), []byte("2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := initialise(directory); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadFile(filepath.Join(directory, marker))
	schema, _ := os.ReadFile(filepath.Join(directory, "schema"))
	if len(before) == 0 || string(before) != string(after) || string(schema) != "2" {
		t.Errorf("%q became %q, and the schema %q", before, after, schema)
	}
}

func TestADatabaseRefusesConnectionsUntilItsVolumeHasData(t *testing.T) {
	directory, port := t.TempDir(), ":"+freePort(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- serveDatabase(ctx, directory, port, "") }()
	ready := func() error { return runDatabase(ctx, []string{"ready", "--listen=" + port}) }
	if err := ready(); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("an empty database says %v", err)
	}
	if err := initialise(directory); err != nil {
		t.Fatal(err)
	}
	if err := (patience{100, 50 * time.Millisecond}).until(ctx, ready); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestADatabaseNeedsItsConfiguration(t *testing.T) {
	if err := serveDatabase(t.Context(), t.TempDir(), ":0", "/nonexistent/db.conf"); err == nil {
		t.Error("starts without its configuration")
	}
}

func freePort(t *testing.T) string {
	server := httptest.NewServer(nil)
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	return port
}

func TestAMigrationBringsTheSchemaToItsVersionAndNotBack(t *testing.T) {
	store := database{directory: t.TempDir()}
	server := httptest.NewServer(store.handler())
	defer server.Close()
	for files, expected := range []string{"", "1", "2"} {
		if files == 0 {
			continue
		}
		if err := runMigrate(t.Context(), []string{"--db=" + server.URL, "--from=" + migrations(t, files)}); err != nil {
			t.Fatal(err)
		}
		if _, body := ask(store.handler(), "GET", "/values/schema", ""); body != expected {
			t.Errorf("the schema is at %s, want %s", body, expected)
		}
	}
	err := runMigrate(t.Context(), []string{"--db=" + server.URL, "--from=" + migrations(t, 1)})
	if err == nil || !strings.Contains(err.Error(), "at version 2, and this release knows 1") {
		t.Error(err)
	}
}

func TestAMigrationGivesUpOnADatabaseThatNeverAnswers(t *testing.T) {
	arguments := []string{"--db=http://localhost:" + freePort(t), "--from=" + migrations(t, 1), "--tries=3", "--pause=1ms"}
	if err := runMigrate(t.Context(), arguments); err == nil || !strings.Contains(err.Error(), "gave up after 3 tries") {
		t.Error(err)
	}
}

func migrations(t *testing.T, count int) string {
	folder := t.TempDir()
	for number := range count {
		if err := os.WriteFile(filepath.Join(folder, string(rune('a'+number))+".sql"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
