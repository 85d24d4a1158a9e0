//! What a server is told that this client can do.

use rmcp::{
    RoleClient,
    model::{
        ClientCapabilities, ClientConfig, ClientRequest, ElicitationCapability,
        FormElicitationCapability, Implementation, JsonRpcMessage,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};

/// Returns what a server of the newest protocol is told: a result may ask for an input. Nothing
/// else is offered, so no server can ask for samples of the model or for files.
pub(crate) fn config() -> ClientConfig {
    let mut capabilities = ClientCapabilities::default();
    let form = FormElicitationCapability::default();
    capabilities.elicitation = Some(ElicitationCapability::new().with_form(form));
    ClientConfig::new(capabilities, Implementation::new("yoi", env!("CARGO_PKG_VERSION")))
}

/// A transport that offers no input to servers of older protocols: these ask in the middle of a
/// call, and who answers may be gone by then.
pub(crate) struct Offer<T>(pub(crate) T);

impl<T: Transport<RoleClient>> Transport<RoleClient> for Offer<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        mut message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        if let JsonRpcMessage::Request(request) = &mut message
            && let ClientRequest::InitializeRequest(initialize) = &mut request.request
        {
            initialize.params.capabilities.elicitation = None;
        }
        self.0.send(message)
    }

    fn receive(&mut self) -> impl Future<Output = Option<RxJsonRpcMessage<RoleClient>>> + Send {
        self.0.receive()
    }

    fn close(&mut self) -> impl Future<Output = Result<(), T::Error>> + Send {
        self.0.close()
    }
}
