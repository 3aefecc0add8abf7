package kubelet

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// podDir is where a pod's containers live.
func (k *Kubelet) podDir(p *pod) string {
	return filepath.Join(k.dir, "pods", p.Metadata.Namespace, p.Metadata.Name)
}

func (k *Kubelet) logFile(p *pod, container string) string {
	return filepath.Join(k.podDir(p), container+".log")
}

// Log is what the container of a pod has printed so far; nothing if it has not begun. Logs of pods that are gone are kept.
func (k *Kubelet) Log(namespace, pod string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(k.dir, "pods", namespace, pod, "*.log"))
	if err != nil {
		return nil, fmt.Errorf("reading the log of %s/%s: %w", namespace, pod, err)
	}
	var all []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the log of %s/%s: %w", namespace, pod, err)
		}
		all = append(all, text...)
	}
	return all, nil
}

// serveLogs answers the API server's question for a container's log (kubectl logs, with --follow), and returns its port.
func (k *Kubelet) serveLogs() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listening for questions for logs: %w", err)
	}
	_, number, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return 0, errors.Join(err, listener.Close())
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		return 0, errors.Join(err, listener.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serveLog)
	certificate, key, err := k.server.ServingCertificate() // the API server, which is told of no CA for this, takes any
	if err != nil {
		return 0, errors.Join(err, listener.Close())
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return 0, errors.Join(fmt.Errorf("reading the node's certificate: %w", err), listener.Close())
	}
	k.logs = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		// It ends with an error whenever it is closed.
		_ = k.logs.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}))
	}()
	return port, nil
}

func (k *Kubelet) serveLog(w http.ResponseWriter, r *http.Request) {
	file, err := os.Open(filepath.Join(k.dir, "pods", r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container")+".log"))
	if err != nil {
		http.Error(w, "the container has not begun", http.StatusNotFound)
		return
	}
	defer func() { _ = file.Close() }() // only read
	flusher := http.NewResponseController(w)
	for follow := r.URL.Query().Get("follow") == "true"; ; sleep(r.Context(), again) {
		running := k.running(r.PathValue("namespace"), r.PathValue("pod")) // asked before the end is read
		if _, err := io.Copy(w, file); err != nil || !follow || !running || r.Context().Err() != nil {
			return
		}
		if flusher.Flush() != nil {
			return
		}
	}
}

// running tells whether a pod's process runs.
func (k *Kubelet) running(namespace, name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.pods {
		if r.pod.Metadata.Namespace == namespace && r.pod.Metadata.Name == name && r.process != nil {
			return true
		}
	}
	return false
}
