package jenkinsfile

/** What became of one stage. */
class StageRecord {

    String name
    String path
    String status
    String softResult = Result.SUCCESS
    String error
    long ms

    Map toMap() {
        [name: name, path: path, status: status, ms: ms, error: error]
    }

}
