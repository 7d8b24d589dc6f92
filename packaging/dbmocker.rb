# Untested: a Homebrew formula that builds from the release's source. packaging/formula.sh writes version, address and checksum.
class Dbmocker < Formula
  desc "Fills a PostgreSQL, MySQL/MariaDB or SQLite database with realistic rows"
  homepage "@HOMEPAGE@"
  url "@HOMEPAGE@/archive/refs/tags/v@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    generate_completions_from_executable(bin/"dbmocker", "completions")
    system bin/"dbmocker", "manual", "man"
    man1.install Dir["man/*.1"]
  end

  test do
    (testpath/"schema.sql").write "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    assert_match "name", shell_output("#{bin}/dbmocker preview --ddl schema.sql --dialect sqlite")
  end
end
