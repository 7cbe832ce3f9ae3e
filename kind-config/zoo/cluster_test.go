package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func tlsWith(certificate *tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{*certificate}}
}

func handshake(server *httptest.Server, bundle []byte, name string) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	connection, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name})
	if err == nil {
		_ = connection.Close()
	}
	return err
}

// apiServer is a cluster whose server does what a handler says.
func apiServer(t *testing.T, handler http.Handler) *cluster {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &cluster{url: server.URL, token: token, client: server.Client()}
}

const animal = `{"apiVersion": "a.b/v1", "kind": "Animal", "metadata": {"name": "%s", "namespace": "zoo", "uid": "u-%s",
	"generation": 2}, "spec": {"legs": 4}%s}`

func TestAnOperatorServesWhatIsListedAndWhatComesLater(t *testing.T) {
	mux, writes := http.NewServeMux(), make(chan string, 10)
	mux.HandleFunc("GET /apis/a.b/v1/animals", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-token" {
			t.Error("comes without its token")
		}
		if r.URL.Query().Get("watch") == "" {
			done := `, "status": {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]}`
			fmt.Fprintf(w, `{"metadata": {"resourceVersion": "7"}, "items": [%s, %s]}`,
				fmt.Sprintf(animal, "cat", "cat", ""), fmt.Sprintf(animal, "old", "old", done))
			return
		}
		if r.URL.Query().Get("resourceVersion") != "7" {
			t.Error("watches from the wrong version")
		}
		for _, name := range []string{"dog", "dog"} {
			fmt.Fprintf(w, `{"type": "ADDED", "object": %s}`, fmt.Sprintf(animal, name, name, ""))
		}
		fmt.Fprint(w, `{"type": "ERROR", "object": {}}`)
	})
	mux.HandleFunc("PATCH /", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		writes <- r.URL.Path + " " + string(body)
		_, _ = w.Write(body)
	})
	o := operator{apiServer(t, mux), "a.b/v1/animals", 0, map[string]int64{}}

	err := o.api.follow(t.Context(), "/apis/"+o.resource, "", func() {}, func(seen object) error {
		return o.reconcile(t.Context(), seen)
	})

	if err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("the watch ends with %v", err)
	}
	for _, name := range []string{"cat", "dog"} {
		if made := <-writes; !strings.HasPrefix(made, "/api/v1/namespaces/zoo/configmaps/animal-"+name) ||
			!strings.Contains(made, `"uid":"u-`+name) || !strings.Contains(made, `{\"legs\": 4}`) {
			t.Errorf("makes %s", made)
		}
		if said := <-writes; !strings.HasPrefix(said, "/apis/a.b/v1/namespaces/zoo/animals/"+name+"/status") ||
			!strings.Contains(said, `"observedGeneration":2`) || !strings.Contains(said, `"status":"True"`) {
			t.Errorf("reports %s", said)
		}
	}
	if len(writes) > 0 {
		t.Errorf("writes once more: %s", <-writes)
	}
}

func TestAnOperatorCannotLiveWithoutItsDefinition(t *testing.T) {
	o := operator{apiServer(t, http.NotFoundHandler()), "a.b/v1/animals", 0, nil}
	if err := o.run(t.Context(), func() {}); err == nil || !strings.Contains(err.Error(), "a.b/v1/animals is not served") {
		t.Error(err)
	}
}

func TestABundleIsWrittenOnlyWhereItIsMissingAndOnlyOverWhatWasSeen(t *testing.T) {
	patches := make(chan []patchOperation, 1)
	api := apiServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var patch []patchOperation
		if err := json.NewDecoder(r.Body).Decode(&patch); err != nil {
			t.Error(err)
		}
		patches <- patch
		http.Error(w, `{"message": "the test failed"}`, http.StatusUnprocessableEntity)
	}))
	live := object{Metadata: metadata{Name: "keeper", ResourceVersion: "5"}, Webhooks: make([]webhook, 2)}
	live.Webhooks[0].ClientConfig.CABundle = []byte("right")
	right := func([]byte) []byte { return []byte("right") }
	if err := api.inject(t.Context(), validating, live, right); err != nil {
		t.Error(err)
	}
	patch := <-patches
	if len(patch) != 2 || patch[0].Op != "test" || patch[0].Value != "5" || patch[1].Path != "/webhooks/1/clientConfig/caBundle" {
		t.Errorf("patches with %v", patch)
	}
	live.Webhooks[1].ClientConfig.CABundle = []byte("right")
	if err := api.inject(t.Context(), validating, live, right); err != nil || len(patches) > 0 {
		t.Errorf("writes for nothing: %v", err)
	}
}

func TestAStandInSharesTheAuthorityThatItsSiblingMade(t *testing.T) {
	var kept secret
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/namespaces/cert-manager/secrets", func(w http.ResponseWriter, r *http.Request) {
		if kept.Kind != "" {
			http.Error(w, `{"message": "already exists"}`, http.StatusConflict)
			return
		}
		_ = json.NewDecoder(r.Body).Decode(&kept)
		_ = json.NewEncoder(w).Encode(kept)
	})
	mux.HandleFunc("GET /api/v1/namespaces/cert-manager/secrets/ca", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(kept)
	})
	api := apiServer(t, mux)
	dressed := dress([]string{"--standin-image=webhook:1", "--standin-ports=6080,9402", "--v=2", "anything", "--secure-port=10250",
		"--dynamic-serving-ca-secret-namespace=cert-manager", "--dynamic-serving-ca-secret-name=ca",
		"--dynamic-serving-dns-names=webhook", "--dynamic-serving-dns-names=webhook.cert-manager.svc"})
	if !dressed.isWebhook() || dressed.isInjector() || len(dressed.dnsNames) != 2 || len(dressed.ports) != 2 {
		t.Fatalf("understands %+v", dressed)
	}
	first, err := dressed.sharedAuthority(t.Context(), api)
	if err != nil {
		t.Fatal(err)
	}
	second, err := dressed.sharedAuthority(t.Context(), api)
	if err != nil || string(first.pem()) != string(second.pem()) {
		t.Error(err)
	}
	if kept.Metadata.Annotations[directInjection] != "true" {
		t.Errorf("keeps %+v", kept.Metadata)
	}
}

func TestACrashSaysWhyAndExitsWithItsCode(t *testing.T) {
	err := run(context.Background(), []string{"crash", "--code=3", "--message=no disk"})
	if exitCode(err) != 3 || err.Error() != "no disk" {
		t.Error(err)
	}
	if code := exitCode(run(context.Background(), []string{"unicorn"})); code != 2 {
		t.Errorf("an unknown program ends with %d", code)
	}
}
