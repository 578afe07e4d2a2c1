// Checks an evidence pack of Countersign with the Go team's golang.org/x/mod/sumdb: every file against the signed
// manifest, the signed checkpoint, every entry against the tree, every earlier checkpoint against the tree.
//
//	go run verify.go pack.zip [VKEY]
//
// Exit code 0 fine, 1 something was found, 2 wrong usage or input.
package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var findings int

func finding(format string, values ...interface{}) {
	findings++
	fmt.Printf("  "+format+"\n", values...)
}

func badInput(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, "verify: "+format+"\n", values...)
	os.Exit(2)
}

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		badInput("usage: go run verify.go pack.zip [VKEY]")
	}
	archive, err := zip.OpenReader(os.Args[1])
	if err != nil {
		badInput("%s: %v", os.Args[1], err)
	}
	files := map[string]*zip.File{}
	for _, file := range archive.File {
		files[file.Name] = file
	}
	vkey := strings.TrimSpace(string(read(files, "keys/log.vkey")))
	if len(os.Args) == 3 && os.Args[2] != vkey {
		finding("keys/log.vkey is not the key given")
		vkey = os.Args[2]
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		badInput("the key of the log: %v", err)
	}
	checkManifest(files, verifier)
	size, root := readCheckpoint(open(files, "checkpoint", verifier), verifier.Name())
	checkEntries(files, size, root)
	checkEarlier(files, verifier, size, root)
	checkRange(files, size, root)
	if findings > 0 {
		fmt.Printf("NOT OK: %d findings\n", findings)
		os.Exit(1)
	}
	fmt.Printf("OK: %s, %d entries, root %s\n", verifier.Name(), size, root)
}

func read(files map[string]*zip.File, name string) []byte {
	file, ok := files[name]
	if !ok {
		finding("%s is missing", name)
		return nil
	}
	reader, err := file.Open()
	if err != nil {
		finding("%s: %v", name, err)
		return nil
	}
	defer reader.Close()
	bytes, err := io.ReadAll(reader)
	if err != nil {
		finding("%s: %v", name, err)
	}
	return bytes
}

// Text of a note that the key has signed; empty, with a finding, for any other.
func open(files map[string]*zip.File, name string, verifier note.Verifier) string {
	opened, err := note.Open(read(files, name), note.VerifierList(verifier))
	if err != nil {
		finding("%s: %v", name, err)
		return ""
	}
	return opened.Text
}

func checkManifest(files map[string]*zip.File, verifier note.Verifier) {
	bytes := read(files, "manifest.json")
	sum := sha256.Sum256(bytes)
	expected := fmt.Sprintf("countersign-evidence/v1 manifest\n%s\nsha256:%x\n", verifier.Name(), sum)
	if open(files, "manifest.json.note", verifier) != expected {
		finding("manifest.json is not the one that was signed")
	}
	var manifest struct {
		Files []struct {
			Path   string `json:"path"`
			Bytes  int    `json:"bytes"`
			Sha256 string `json:"sha256"`
		} `json:"files"`
	}
	if err := json.Unmarshal(bytes, &manifest); err != nil {
		finding("manifest.json: %v", err)
	}
	named := map[string]bool{"manifest.json": true, "manifest.json.note": true}
	for _, file := range manifest.Files {
		named[file.Path] = true
		found := read(files, file.Path)
		sum := sha256.Sum256(found)
		if hex.EncodeToString(sum[:]) != file.Sha256 || len(found) != file.Bytes {
			finding("%s has other bytes than the manifest says", file.Path)
		}
	}
	for name := range files {
		if !named[name] {
			finding("%s is not named by the manifest", name)
		}
	}
}

// Size and root from the text of a checkpoint: origin, size, root, a line each (C2SP tlog-checkpoint).
func readCheckpoint(text, origin string) (int64, tlog.Hash) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		finding("a checkpoint is not one of %s", origin)
		return 0, tlog.Hash{}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		finding("a checkpoint has no size: %v", err)
	}
	return size, hashOf(lines[2])
}

func hashOf(text string) tlog.Hash {
	var hash tlog.Hash
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(bytes) != tlog.HashSize {
		finding("%q is not a hash", text)
	}
	copy(hash[:], bytes)
	return hash
}

func hashesOf(texts []string) []tlog.Hash {
	hashes := []tlog.Hash{}
	for _, text := range texts {
		hashes = append(hashes, hashOf(text))
	}
	return hashes
}

// Names of the files of a folder in order, with the number in each name.
func in(files map[string]*zip.File, folder, suffix string) []string {
	names := []string{}
	for name := range files {
		if strings.HasPrefix(name, folder) && strings.HasSuffix(name, suffix) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func numberIn(name, folder, suffix string) int64 {
	number, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(name, folder), suffix), 10, 64)
	if err != nil {
		finding("%s has no number", name)
	}
	return number
}

func checkEntries(files map[string]*zip.File, size int64, root tlog.Hash) {
	checkpoint := string(read(files, "checkpoint"))
	for _, name := range in(files, "entries/", ".json") {
		index := numberIn(name, "entries/", ".json")
		proof := string(read(files, fmt.Sprintf("proofs/%012d.tlog-proof", index)))
		head := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", index)
		parts := strings.SplitN(strings.TrimPrefix(proof, head), "\n"+checkpoint, 2)
		if !strings.HasPrefix(proof, head) || len(parts) != 2 || parts[1] != "" {
			finding("%s has no proof for this checkpoint", name)
			continue
		}
		hashes := hashesOf(strings.Fields(parts[0]))
		if err := tlog.CheckRecord(hashes, size, root, index, tlog.RecordHash(read(files, name))); err != nil {
			finding("%s: %v", name, err)
		}
	}
}

func checkEarlier(files map[string]*zip.File, verifier note.Verifier, size int64, root tlog.Hash) {
	for _, name := range in(files, "consistency/", ".checkpoint") {
		earlier, earlierRoot := readCheckpoint(open(files, name, verifier), verifier.Name())
		var proof struct {
			Hashes []string `json:"hashes"`
		}
		if err := json.Unmarshal(read(files, strings.TrimSuffix(name, "checkpoint")+"json"), &proof); err != nil {
			finding("%s: %v", name, err)
			continue
		}
		if earlier != numberIn(name, "consistency/", ".checkpoint") {
			finding("%s is of another size", name)
			continue
		}
		if err := tlog.CheckTree(hashesOf(proof.Hashes), size, root, earlier, earlierRoot); err != nil {
			finding("%s: %v", name, err)
		}
	}
}

// Hashes of the tree as far as the leaves of the range and the subtrees beside it give them.
type subtrees map[[2]int64]tlog.Hash

func (known subtrees) hash(level int, n int64) (tlog.Hash, error) {
	if hash, ok := known[[2]int64{int64(level), n}]; ok {
		return hash, nil
	}
	if level == 0 {
		return tlog.Hash{}, fmt.Errorf("entry %d is missing", n)
	}
	left, err := known.hash(level-1, 2*n)
	if err != nil {
		return left, err
	}
	right, err := known.hash(level-1, 2*n+1)
	return tlog.NodeHash(left, right), err
}

func (known subtrees) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		hash, err := known.hash(level, n)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash
	}
	return hashes, nil
}

// Puts the roots of the largest aligned subtrees of [from, to) where they belong.
func (known subtrees) place(from, to int64, roots []tlog.Hash) {
	for _, root := range roots {
		level, count := int64(0), int64(1)
		for from%(count*2) == 0 && from+count*2 <= to {
			level, count = level+1, count*2
		}
		known[[2]int64{level, from / count}] = root
		from += count
	}
	if from != to {
		finding("range/proof.json has not the subtrees of this tree")
	}
}

func checkRange(files map[string]*zip.File, size int64, root tlog.Hash) {
	if _, ok := files["range/proof.json"]; !ok {
		return
	}
	var proof struct {
		From  int64    `json:"from"`
		To    int64    `json:"to"`
		Left  []string `json:"left"`
		Right []string `json:"right"`
	}
	if err := json.Unmarshal(read(files, "range/proof.json"), &proof); err != nil || proof.From > proof.To || proof.To > size {
		finding("range/proof.json: no range of this log (%v)", err)
		return
	}
	known := subtrees{}
	known.place(0, proof.From, hashesOf(proof.Left))
	known.place(proof.To, size, hashesOf(proof.Right))
	index := proof.From
	for _, name := range in(files, "range/", ".entries") {
		for bundle := read(files, name); len(bundle) > 0; index++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				finding("%s is cut short", name)
				break
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			known[[2]int64{0, index}] = tlog.RecordHash(bundle[2:end])
			bundle = bundle[end:]
		}
	}
	if index != proof.To {
		finding("the range has %d entries, not %d", index-proof.From, proof.To-proof.From)
	}
	found, err := tlog.TreeHash(size, known)
	if err != nil {
		finding("range: %v", err)
	} else if found != root {
		finding("range: the entries are not those of the signed tree")
	}
}
