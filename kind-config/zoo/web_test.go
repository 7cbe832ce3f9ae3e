package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ask makes one request of a handler and returns the code and body of its answer.
func ask(handler http.Handler, method, target, body string) (int, string) {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(method, target, strings.NewReader(body)))
	return answer.Code, answer.Body.String()
}

func expect(t *testing.T, handler http.Handler, method, target string, code int) {
	t.Helper()
	if got, body := ask(handler, method, target, ""); got != code {
		t.Errorf("%s %s: %d, want %d: %s", method, target, got, code, body)
	}
}

func TestAWebAnswersNothingUntilItHasStarted(t *testing.T) {
	service := newWeb(settings{})
	for _, path := range []string{"/", "/healthz", "/readyz", "/config"} {
		expect(t, service.handler(), "GET", path, 503)
	}
	service.started.Store(true)
	for _, path := range []string{"/", "/healthz", "/readyz", "/config"} {
		expect(t, service.handler(), "GET", path, 200)
	}
}

func TestAWebAnswersOnAllItsAddressesUntilItIsStopped(t *testing.T) {
	first, second := freePort(t), freePort(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- runWeb(ctx, []string{"--listen=:" + first + ",:" + second}) }()
	for _, port := range []string{first, second} {
		err := patience{20, 50 * time.Millisecond}.until(ctx, func() error {
			_, _, err := call(ctx, "GET", "http://localhost:"+port+"/readyz", "")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReadinessIsSwitchedFromOutsideAndHealthIsNot(t *testing.T) {
	service := newWeb(settings{})
	service.started.Store(true)
	expect(t, service.handler(), "POST", "/ready?on=false", 200)
	expect(t, service.handler(), "GET", "/readyz", 503)
	expect(t, service.handler(), "GET", "/healthz", 200)
	expect(t, service.handler(), "PUT", "/ready?on=true", 200)
	expect(t, service.handler(), "GET", "/readyz", 200)
	expect(t, service.handler(), "PUT", "/ready?on=perhaps", 400)
}

func TestAWebShowsNamesAndNoValues(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"..data", "card-api-key"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("hidden-value"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SHOP_TOKEN", "hidden-value")
	service := newWeb(observe([]string{"--show=" + folder}, folder))
	service.started.Store(true)

	_, body := ask(service.handler(), "GET", "/config", "")

	var shown settings
	if err := json.Unmarshal([]byte(body), &shown); err != nil {
		t.Fatal(err)
	}
	if got := shown.Files[folder]; len(got) != 1 || got[0] != "card-api-key" {
		t.Errorf("shows the files %q", got)
	}
	if !strings.Contains(body, "SHOP_TOKEN") || strings.Contains(body, "hidden-value") {
		t.Errorf("shows %s", body)
	}
}
