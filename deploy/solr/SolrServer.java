import org.apache.solr.embedded.JettySolrRunner;

/** Serves the cores of one Solr home. Arguments: home folder, port. JettySolrRunner listens on 127.0.0.1 only. */
public class SolrServer {
    public static void main(String[] arguments) throws Exception {
        JettySolrRunner server = new JettySolrRunner(arguments[0], "/solr", Integer.parseInt(arguments[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
        server.start(false);
        System.out.println("Solr answers at " + server.getBaseUrl());
        Thread.currentThread().join();
    }

    private static void stop(JettySolrRunner server) {
        try {
            server.stop();
        } catch (Exception error) {
            System.err.println("Solr did not stop cleanly: " + error);
        }
    }
}
