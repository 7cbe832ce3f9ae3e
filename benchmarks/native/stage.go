package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const works = "/apis/bench.example.com/v1/works"

// stage is the world that benchmarks need around an API server: a controller that makes each Work ready after the time
// that it asks for, and an admission webhook on loopback. It writes one line of JSON with the webhook's address and
// authority, and ends with its standard input.
func stage(flags *flag.FlagSet, arguments []string) error {
	server := serverFlags(flags, "bench-stage")
	flags.Parse(arguments)
	client, err := server.client(false, 16)
	if err != nil {
		return err
	}
	var known sync.Map
	err = server.watch(client, works, func(seen Seen) {
		live := seen.Object
		if seen.Type == "DELETED" {
			known.Delete(live.Metadata.UID)
			return
		}
		if _, begun := known.LoadOrStore(live.Metadata.UID, true); begun || live.has("Ready") {
			return
		}
		wait := time.Duration(live.Spec.ReadyAfterMilliseconds) * time.Millisecond
		time.AfterFunc(wait, func() { server.finish(client, &live) })
	})
	if err != nil {
		return err
	}
	if err := serveWebhook(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func (server *Server) finish(client *http.Client, live *Live) {
	status := fmt.Sprintf(
		`{"status":{"observedGeneration":%d,"conditions":[{"type":"Ready","status":"True","reason":"Done","message":"",`+
			`"lastTransitionTime":%q}]}}`, live.Metadata.Generation, time.Now().UTC().Format(time.RFC3339))
	path := fmt.Sprintf("/apis/bench.example.com/v1/namespaces/%s/works/%s/status", live.Metadata.Namespace, live.Metadata.Name)
	for range 20 {
		code, _, err := server.send(client, "PATCH", path, "application/merge-patch+json", []byte(status))
		if err == nil && (code < 300 || code == http.StatusNotFound) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Fprintf(os.Stderr, "bench stage: %s could not be made ready\n", path)
}

func serveWebhook() error {
	certificate, authority, err := selfSigned()
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return err
	}
	http.HandleFunc("/mutate", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, `[{"op":"add","path":"/metadata/labels/bench.example.com~1admitted","value":"yes"}]`)
	})
	http.HandleFunc("/validate", func(w http.ResponseWriter, r *http.Request) { answer(w, r, "") })
	go http.Serve(listener, nil)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"url": fmt.Sprintf("https://%s", listener.Addr()), "authority": authority,
	})
}

func answer(w http.ResponseWriter, r *http.Request, patch string) {
	var review struct {
		Request struct {
			UID string `json:"uid"`
		} `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response := map[string]any{"uid": review.Request.UID, "allowed": true}
	if patch != "" {
		response["patchType"] = "JSONPatch"
		response["patch"] = []byte(patch)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response,
	})
}

// selfSigned makes a certificate for 127.0.0.1 that is its own authority, which it returns as PEM.
func selfSigned() (tls.Certificate, []byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: private}, authority, nil
}
