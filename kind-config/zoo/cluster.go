package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"
	watchTime     = 60 * time.Second
	retryPause    = time.Second

	jsonPatch   = "application/json-patch+json"
	applyPatch  = "application/apply-patch+yaml"
	plainJSON   = "application/json"
	fieldOwner  = "zoo"
	applyByZoo  = "?force=true&fieldManager=" + fieldOwner
	createByZoo = "?fieldManager=" + fieldOwner
)

// cluster is the API server as a Pod reaches it, with the rights of the Pod's ServiceAccount.
type cluster struct {
	url    string
	token  string // the file that holds it; the kubelet renews it
	client *http.Client
}

// object is what our programs read of any object of the API.
type object struct {
	APIVersion string          `json:"apiVersion,omitempty"`
	Kind       string          `json:"kind,omitempty"`
	Metadata   metadata        `json:"metadata"`
	Spec       json.RawMessage `json:"spec,omitempty"`
	Status     *status         `json:"status,omitempty"`
	Webhooks   []webhook       `json:"webhooks,omitempty"`
}

type metadata struct {
	Name            string            `json:"name,omitempty"`
	Namespace       string            `json:"namespace,omitempty"`
	UID             string            `json:"uid,omitempty"`
	Generation      int64             `json:"generation,omitempty"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
}

// refusal is an answer of the API server that is no success.
type refusal struct {
	code    int
	message string
}

func (r refusal) Error() string { return r.message }

// refusedWith tells whether an error is a refusal with this code.
func refusedWith(err error, code int) bool {
	var answer refusal
	return errors.As(err, &answer) && answer.code == code
}

// inCluster opens the API server of the cluster that this Pod runs in.
func inCluster() (*cluster, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" {
		return nil, errors.New("this program runs in a Pod of a cluster")
	}
	authority, err := os.ReadFile(filepath.Join(accountFolder, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("the Pod has no ServiceAccount token: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &cluster{
		url:   "https://" + net.JoinHostPort(host, port),
		token: filepath.Join(accountFolder, "token"),
		client: &http.Client{Transport: &http.Transport{
			TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ResponseHeaderTimeout: 10 * time.Second,
			ForceAttemptHTTP2:     true,
		}},
	}, nil
}

// send makes one request and returns the body of the answer, which the caller closes.
func (c *cluster) send(ctx context.Context, method, path, contentType string, body any) (io.ReadCloser, error) {
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, &payload)
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(c.token)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token)))
	request.Header.Set("Content-Type", contentType)
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 == 2 {
		return response.Body, nil
	}
	defer response.Body.Close()
	var answer struct{ Message string }
	_ = json.NewDecoder(io.LimitReader(response.Body, largestBody)).Decode(&answer)
	message := fmt.Sprintf("%s %s: %s: %s", method, path, response.Status, answer.Message)
	return nil, refusal{response.StatusCode, message}
}

// do makes one request, and reads the answer if it is given something to read it into.
func (c *cluster) do(ctx context.Context, method, path, contentType string, body, answer any) error {
	ctx, done := context.WithTimeout(ctx, 10*time.Second)
	defer done()
	stream, err := c.send(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer stream.Close()
	if answer == nil {
		_, err = io.Copy(io.Discard, stream) // or the connection is of no further use
		return err
	}
	return json.NewDecoder(stream).Decode(answer)
}

// follow calls seen with every object of a list and again whenever one of them changes, until something fails or the
// watch has come to its ordinary end. query begins with & or is empty.
func (c *cluster) follow(ctx context.Context, path, query string, listed func(), seen func(object) error) error {
	ctx, done := context.WithTimeout(ctx, watchTime+10*time.Second)
	defer done()
	version, err := c.list(ctx, path+"?limit=0"+query, seen)
	if err != nil {
		return err
	}
	listed()
	watch := fmt.Sprintf("%s?watch=true&timeoutSeconds=%d&resourceVersion=%s", path, int(watchTime.Seconds()), version)
	stream, err := c.send(ctx, http.MethodGet, watch+query, plainJSON, nil)
	if err != nil {
		return err
	}
	defer stream.Close()
	for events := json.NewDecoder(stream); ; {
		var event struct {
			Type   string
			Object object
		}
		switch err := events.Decode(&event); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case event.Type == "ERROR":
			return errors.New("the watch has expired")
		case event.Type == "ADDED", event.Type == "MODIFIED":
			if err := seen(event.Object); err != nil {
				return err
			}
		}
	}
}

func (c *cluster) list(ctx context.Context, path string, seen func(object) error) (string, error) {
	stream, err := c.send(ctx, http.MethodGet, path, plainJSON, nil)
	if err != nil {
		return "", err
	}
	defer stream.Close()
	var all struct {
		Metadata metadata
		Items    []object
	}
	if err := json.NewDecoder(stream).Decode(&all); err != nil {
		return "", err
	}
	for _, item := range all.Items {
		if err := seen(item); err != nil {
			return "", err
		}
	}
	return all.Metadata.ResourceVersion, nil
}

// keepFollowing follows a list until the context ends, whatever happens to the API server meanwhile.
func (c *cluster) keepFollowing(ctx context.Context, path, query string, seen func(object) error) {
	for ctx.Err() == nil {
		if err := c.follow(ctx, path, query, func() {}, seen); err != nil && ctx.Err() == nil {
			log.Print(err)
			sleep(ctx, retryPause)
		}
	}
}
