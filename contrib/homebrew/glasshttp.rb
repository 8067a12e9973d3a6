# Untried: a draft, by somebody without a Mac. Before it is used, `url` and `sha256` have to name an archive that is
# published; all else is what Cargo.toml says.
class Glasshttp < Formula
  desc "HTTP/1.1 file server with glass walls"
  homepage "https://example.org/glasshttp"
  url "https://example.org/glasshttp/archive/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]
  head "https://example.org/glasshttp.git", branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    (man1/"glasshttp.1").write Utils.safe_popen_read(bin/"glasshttp", "--man")
    generate_completions_from_executable(bin/"glasshttp", "--completions", shells: [:bash, :zsh, :fish])
  end

  test do
    (testpath/"a.txt").write "aaaaa"
    port = free_port
    server = spawn bin/"glasshttp", "--port", port.to_s, testpath
    assert_equal "aaaaa", shell_output("curl --silent --retry 5 --retry-connrefused http://localhost:#{port}/a.txt")
  ensure
    Process.kill "TERM", server
    Process.wait server
  end
end
