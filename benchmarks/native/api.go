package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	watchPause    = 50 * time.Millisecond
	watchAttempts = 200
)

// Server is one API server and the files that let us in.
type Server struct {
	url, ca, cert, key string
	agent              string
}

func serverFlags(flags *flag.FlagSet, agent string) *Server {
	server := &Server{agent: agent}
	flags.StringVar(&server.url, "server", "", "URL of the API server")
	flags.StringVar(&server.ca, "ca", "", "its certificate authority")
	flags.StringVar(&server.cert, "cert", "", "our certificate")
	flags.StringVar(&server.key, "key", "", "our key")
	return server
}

// client makes connections of its own: streams of HTTP/2 over one, or up to `connections` of HTTP/1.1.
func (server *Server) client(http2 bool, connections int) (*http.Client, error) {
	authority, err := os.ReadFile(server.ca)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(server.cert, server.key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	config := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}
	if !http2 {
		config.NextProtos = []string{"http/1.1"}
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     config,
		ForceAttemptHTTP2:   http2,
		MaxIdleConnsPerHost: connections,
		DisableCompression:  true,
	}}, nil
}

// send makes one request and reads the whole answer.
func (server *Server) send(client *http.Client, method, path, kind string, body []byte) (int, []byte, error) {
	request, err := http.NewRequest(method, server.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("User-Agent", server.agent)
	request.Header.Set("Accept", "application/json")
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// Seen is one event of a watch.
type Seen struct {
	Type   string `json:"type"`
	Object Live   `json:"object"`
}

// watch opens a watch that begins with all that there is, and then tells of every event on a goroutine of its own. It
// begins anew when it ends; what is told twice is the listener's matter. A kind whose definition was established a moment
// ago may not be served yet.
func (server *Server) watch(client *http.Client, collection string, tell func(Seen)) error {
	open := func() (*http.Response, error) {
		request, err := http.NewRequest("GET", server.url+collection+"?watch=1&timeoutSeconds=3600", nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("User-Agent", server.agent)
		request.Header.Set("Accept", "application/json")
		response, err := client.Do(request)
		if err == nil && response.StatusCode != http.StatusOK {
			response.Body.Close()
			err = fmt.Errorf("watch of %s: %s", collection, response.Status)
		}
		return response, err
	}
	response, err := open()
	for attempt := 0; err != nil && attempt < watchAttempts; attempt++ {
		time.Sleep(watchPause)
		response, err = open()
	}
	if err != nil {
		return err
	}
	go func() {
		for {
			if err == nil {
				decoder := json.NewDecoder(response.Body)
				for {
					var seen Seen
					if decoder.Decode(&seen) != nil {
						break
					}
					tell(seen)
				}
				response.Body.Close()
			}
			time.Sleep(watchPause)
			response, err = open()
		}
	}()
	return nil
}
